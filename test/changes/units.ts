import { type TierName, tiers } from "../../components/tiers";
import { machinesOf } from "../../plan/outputs";
import type { Cluster } from "../faults/cluster";

/** The present start of each unit of each machine: another text after a restart. */
export async function starts(c: Cluster): Promise<Record<string, string>> {
  const asked = machinesOf(c.outputs).map(async ({ name, tier }) => {
    const units = tiers[tier as TierName].units(c.outputs).join(" ");
    if (units === "") return [name, ""] as const;
    const { stdout } = await c.ask(name, `systemctl show --property=InvocationID --value ${units}`);
    return [name, stdout] as const;
  });
  return Object.fromEntries(await Promise.all(asked));
}
