import * as path from "node:path";
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { plan } from "../../components/house";
import { imageOf } from "../../components/slurm/packages";
import type { TierName } from "../../components/tiers";
import { makeDriver } from "../../drivers";
import type { Driver, MachineSet, SetArgs, SharedFiles } from "../../drivers/driver";
import { type Registration, registered } from "./mocked";
import { configOf, type Values } from "./referenceSite";
import { parsed } from "./site";

/** What a driver made, and what it says of it. */
export interface Driven {
  made: Registration[];
  driver: Driver;
  sets: Record<string, MachineSet>;
}

/**
 * The machines of some tiers by the site's driver, and nothing else. Gates are commands that are given on stdin what a
 * gate is given.
 * @param changes of the config
 * @param authorizedKeys public keys that may log in
 * @param share makes what they share
 * @param layer see SetArgs
 */
export async function driven(
  stack: "lab" | "prod",
  home: string,
  tiers: TierName[],
  changes: Values = {},
  share?: () => SharedFiles,
  authorizedKeys = ["ssh-ed25519 AAAA"],
  layer?: string,
): Promise<Driven> {
  const site = parsed({ ...configOf(stack), ...changes });
  const { machines, prefixLength, gateway } = plan(site);
  const sshKeyFile = path.join(home, "ssh", "id_ed25519");
  const place = { prefix: `hpc-ha-${stack}`, home, sshKeyFile, authorizedKeys };
  const found: Partial<Driven> = {};
  const made = await registered(() => {
    const packages = ["nftables"];
    const image = imageOf(site.slurm.packages);
    const driver = makeDriver("site", { ...site, place, prefixLength, gateway, packages, image });
    const shared = share?.();
    const sets = tiers.map((tier) => {
      const each = { gate: makeGate, relief: makeRelief };
      const args = { specs: machines[tier], share: shared, layer, ...each };
      return [tier, driver.set(tier, args, {})] as const;
    });
    Object.assign(found, { driver, sets: Object.fromEntries(sets) });
  });
  return { made, ...(found as Pick<Driven, "driver" | "sets">) };
}

/** The reference site's machines of some tiers. @param vm changes of the driver's keys */
export const vms = (
  home: string,
  tiers: TierName[],
  vm: Values = {},
  share?: () => SharedFiles,
): Promise<Driven> =>
  driven("prod", home, tiers, { vm: { ...(configOf("prod")["vm"] as Values), ...vm } }, share);

const makeGate: SetArgs["gate"] = ({ name, machine, members, ready }) => {
  const stdin = pulumi
    .all([machine.hostKey, machine.incarnation, pulumi.all(members.map((m) => m.hostKey))])
    .apply(([hostKey, incarnation, keys]) =>
      JSON.stringify({ incarnation, ready: ready(hostKey), keys }),
    );
  return new local.Command(`${name}-gate`, { stdin });
};

const makeRelief: SetArgs["relief"] = ({ name, why, after }) =>
  new local.Command(`${name}-relief`, { stdin: why }, { dependsOn: after });
