import { ground, letInEverywhere } from "./firewall";
import type { PlanConfig } from "./machine";
import type { House } from "./topology";

/** sshd's on every machine. */
const SSH = 22;

/** Ports of the config that two things on the same machine would listen on. */
export function portFaults(house: House, config: PlanConfig & { ports: Record<string, number> }) {
  const faults: string[] = [];
  for (const [tier, description] of Object.entries(house.tiers)) {
    const users = new Map([[SSH, "ssh"]]);
    const letsIn = (ports: Record<string, number>) => {
      const known = ground(house, { ...config, ports });
      description.letsIn(known);
      letInEverywhere(house, known);
    };
    for (const key of portsRead(letsIn, config)) {
      const port = config.ports[key] ?? 0;
      const other = users.get(port);
      if (other === undefined) users.set(port, `ports.${key}`);
      else {
        faults.push(
          `ports.${key} = ${port}: already ${other} on the machines of ${tier}; must be unique there`,
        );
      }
    }
  }
  return faults;
}

/** Keys of the ports that are read: a tier lets in what its machines listen on, and reads no other port for that. */
function portsRead(
  read: (ports: Record<string, number>) => void,
  { ports }: { ports: Record<string, number> },
): string[] {
  const keys = new Set<string>();
  read(
    new Proxy(ports, {
      get: (all, key: string) => {
        keys.add(key);
        return all[key];
      },
    }),
  );
  return [...keys];
}
