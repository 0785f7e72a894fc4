import * as pulumi from "@pulumi/pulumi";
import type { Machine } from "../../drivers/machine";
import { digest } from "../../lib/hash";
import { pinnedSsh } from "../../lib/ssh";
import { seatsOn } from "../ansible";
import { hostOf } from "../configuration";
import type { Accounts } from "../slurm/accounts";
import { providerOf } from "../trampoline";

export interface AccountingArgs {
  clusterName: string;
  /** Who may use the cluster, and how much of it. Undefined: nobody is asked, and nothing is touched. */
  accounts: Accounts | undefined;
  /** Machines that have sacctmgr and reach slurmdbd: any of them will do. */
  controllers: Machine[];
  /** The entry's machines, which keep the site's lock. */
  entry: Promise<Machine[]>;
  /** Private key file for root on all of them. */
  sshKeyFile: string;
}

/**
 * Accounts, users and QOS as slurmdbd has them. What is there is asked at each preview, which says what sacctmgr would be
 * told; nothing is remembered, so that what was changed by hand, or cut off in the middle, is mended by the next run.
 * Always there, so that the first accounts are a change, of which a preview can tell. Destroying it does nothing.
 */
export class Accounting extends pulumi.dynamic.Resource {
  constructor(name: string, args: AccountingArgs, opts?: pulumi.CustomResourceOptions) {
    const { accounts, clusterName, sshKeyFile } = args;
    const reached = (machines: Machine[]) => pulumi.all(machines.map((m) => hostOf(m)));
    const access = { user: "root", privateKeyFile: sshKeyFile };
    super(
      providerOf("components/controllers/accountsProvider.ts", "accountsProvider"),
      name,
      {
        wanted: digest([clusterName, accounts]),
        request: accounts === undefined ? "" : JSON.stringify({ clusterName, accounts }),
        controllers: reached(args.controllers).apply((all) =>
          all.map((host) => ({ machine: host.name, ssh: pinnedSsh(access, host) })),
        ),
        seats: pulumi.output(args.entry.then(reached)).apply((all) => seatsOn(sshKeyFile, all)),
        applied: undefined,
        summary: undefined,
      },
      opts,
      "hpc-ha",
      "Accounting",
    );
  }
}
