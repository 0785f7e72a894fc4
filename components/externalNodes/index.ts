import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { contentHash, digest } from "../../lib/hash";
import { pinnedSsh } from "../../lib/ssh";
import { projectRoot } from "../../lib/project";
import { type Fleet, seatsOn } from "../ansible";
import { hostOf } from "../configuration";
import type { Machine } from "../../drivers/machine";
import { type SlurmSettings, slurmVars } from "../slurm";
import { besideSlurmConf, nodeScripts } from "../slurm/files";
import { ownHosts } from "../slurm/nodes";
import { reachedHosts } from "../slurm/nodeSsh";
import { providerOf } from "../trampoline";
import { idOf } from "./nodes";
import { SOURCES } from "./programs";
import type { Inputs, Request, State } from "./plan";

export interface ExternalNodesArgs {
  fleet: Fleet;
  cluster: SlurmSettings;
  /** Who tells what the cluster is, and when that is in force. */
  controllers: {
    machines: Machine[];
    mungeKey: pulumi.Output<string>;
    ready: pulumi.Output<string>;
  };
}

/**
 * Machines of the owner's that this program makes nodes by ssh (slurm.nodeGroups, hosts with ssh). It makes and deletes none of
 * them, and configures there what is Slurm's alone. Always there, so that the first of them is a change, and the last one leaves.
 */
export class ExternalNodes extends pulumi.dynamic.Resource {
  constructor(name: string, args: ExternalNodesArgs, opts?: pulumi.CustomResourceOptions) {
    const { fleet, cluster, controllers } = args;
    const { slurm } = cluster;
    const { sshKeyFile } = fleet.place;
    const hosts = reachedHosts(slurm);
    const { addresses, vips } = fleet.facts;
    const { controllers: c = {}, compute = {}, login = {} } = addresses;
    const beside = besideSlurmConf(slurm);
    const told: Request["told"] = {
      site: { addresses: { controllers: c, compute, login }, vips },
      scripts: nodeScripts(slurm),
      read: [
        `${slurm.proctrack} ${slurm.taskPlugin}`,
        ...["gres.conf", "cgroup.conf"].flatMap((file) =>
          beside[file] === undefined ? [] : [`${file}: ${digest(beside[file])}`],
        ),
      ],
    };
    const there = ownHosts(slurm).map(idOf);
    const request: Request = { hosts, there, told, ownKeyFile: sshKeyFile };
    const sources = SOURCES.map((file) => contentHash(path.join(projectRoot, file)));
    const wanted = pulumi
      .all([pulumi.secret(controllers.mungeKey), controllers.ready])
      .apply(([key]) => {
        // What they are told; of slurm.conf the rest comes from the controllers by itself.
        const { munge_key, slurm_hosts, slurm_cluster_name, slurm_vip, slurm_ctld_port } =
          slurmVars(cluster, key);
        const common = [
          ...[sources, told, munge_key, slurm_hosts, slurm_cluster_name, slurm_vip],
          ...[slurm_ctld_port, cluster.ports.slurmd],
        ];
        return Object.fromEntries(
          // With another host key it is another machine; by another user or key it is the same.
          hosts.map((host) => [idOf(host), digest([common, host.hostKey ?? ""])]),
        );
      });
    const reached = (machines: Machine[]) => pulumi.all(machines.map((m) => hostOf(m)));
    const access = { user: "root", privateKeyFile: sshKeyFile };
    const inputs: { [K in keyof Inputs]: pulumi.Input<Inputs[K]> } = {
      // A hash of secrets that nobody can guess tells nothing of them.
      wanted: pulumi.unsecret(wanted),
      request: pulumi.secret(JSON.stringify(request)),
      controllers: reached(controllers.machines).apply((all) =>
        all.map((host) => ({ machine: host.name, ssh: pinnedSsh(access, host) })),
      ),
      seats: pulumi.output(fleet.entry.then(reached)).apply((all) => seatsOn(sshKeyFile, all)),
    };
    const outputs: { [K in Exclude<keyof State, keyof Inputs>]: undefined } = {
      ...{ applied: undefined, tried: undefined, drift: undefined },
      ...{ cluster: undefined, identity: undefined, leaving: undefined },
    };
    super(
      providerOf<Inputs, State>("components/externalNodes/provider.ts", "externalNodesProvider"),
      name,
      { ...inputs, ...outputs },
      { additionalSecretOutputs: ["leaving"], ...opts },
      "hpc-ha",
      "ExternalNodes",
    );
  }
}
