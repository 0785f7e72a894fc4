import { Hypervisor } from "./hypervisors";
import { baseConfig, configure, stack } from "./site";

type Sizes = Record<string, Record<string, number>>;
let sizes: Sizes | undefined;
/** Changes the size of a role, beside what was changed before. */
export async function resize(role: string, changes: Record<string, number>): Promise<void> {
  sizes ??= (await baseConfig())["sizes"] as Sizes;
  sizes = { ...sizes, [role]: { ...sizes[role], ...changes } };
  await configure({ sizes });
}

/** libvirt's number of a machine's present start; undefined while it is off. */
async function start(machine: string): Promise<string | undefined> {
  const name = `${stack.prefix}-${machine}`;
  const lists = await Promise.all(Hypervisor.all.map((h) => h.virsh("list")));
  const rows = lists.flatMap(({ stdout }) => stdout.split("\n").map((l) => l.trim().split(/\s+/)));
  return rows.find((row) => row[1] === name)?.[0];
}

/** `pulumi up`; when each of the machines was first seen switched off, or started anew since, ms. */
export async function switchedOff(machines: string[]): Promise<Map<string, number>> {
  const before = new Map(
    await Promise.all(machines.map(async (m) => [m, await start(m)] as const)),
  );
  const off = new Map<string, number>();
  let ended = false;
  const watch = async () => {
    while (!ended) {
      for (const machine of machines) {
        if (off.has(machine) || (await start(machine)) === before.get(machine)) continue;
        off.set(machine, Date.now());
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };
  const up = stack.run("up").finally(() => (ended = true));
  await Promise.all([up, watch()]);
  return off;
}
