import type { Progress } from "../../lib/progress";
import { type Machines, until } from "../../lib/machines";
import type { PublicOutputs } from "../stack";
import type { Entry, Server } from "./haproxy";
import { SERVICE_SECONDS, type TierWork } from "../../rollout/work";

/** HAProxy and keepalived on the entry nodes. */
export function haproxy(machines: Machines, entry: Entry, outputs: PublicOutputs): TierWork {
  const members = entry.nodes;
  return {
    parts: async () => ({ members, holder: await entry.holder() }),
    missing: async () => {
      if ((await entry.holder()) === undefined) return "nobody, or more than one, holds the VIPs";
      const lists = await Promise.all(
        members.map(async (node) => {
          const units = await machines.run(node, "systemctl is-active haproxy keepalived; true");
          if (units.trim() !== "active\nactive")
            return `${node}: haproxy and keepalived are ${units}`;
          return missingWeb(await entry.servers(node), node, outputs);
        }),
      );
      return lists.find((text) => text !== "") ?? "";
    },
    relieve: async (machine) => {
      await machines.run(machine, "haproxy-handover", SERVICE_SECONDS);
    },
    restart: async (machine) => {
      await machines.run(machine, "systemctl restart haproxy keepalived", SERVICE_SECONDS);
    },
  };
}

/** Whether one HAProxy node has every web node up in every backend. */
function missingWeb(servers: Server[], node: string, outputs: PublicOutputs): string {
  for (const [name, address] of Object.entries(outputs.addresses["web"] ?? {})) {
    for (const service of Object.keys(outputs.urls)) {
      const slot = servers.find((s) => s.backend === service && s.address === address);
      if (!slot?.up) return `${name} is not in rotation for ${service} on ${node}`;
    }
  }
  return "";
}

/** The services of the web nodes. */
export function web(
  machines: Machines,
  entry: Entry,
  outputs: PublicOutputs,
  progress: Progress,
): TierWork {
  const addresses = outputs.addresses["web"] ?? {};
  const missing = async () => {
    const faults = await Promise.all(
      entry.nodes.map(async (node) => missingWeb(await entry.servers(node), node, outputs)),
    );
    return faults.find((text) => text !== "") ?? "";
  };
  return {
    parts: () => Promise.resolve({ members: machines.names("web") }),
    missing,
    restart: async (machine) => {
      const address = addresses[machine] ?? "";
      const [asker = ""] = entry.nodes;
      const { healthPaths, drainSeconds } = await entry.settings(asker);
      const left = await entry.drain(address, drainSeconds);
      if (left > 0) progress(`    ${left} sessions did not end within ${drainSeconds} s`);
      await machines.run(machine, "systemctl restart 'hpc-web@*'", SERVICE_SECONDS);
      const urls = (await entry.state(asker, Object.keys(outputs.urls))).flatMap((slot) =>
        slot.address === address
          ? `http://${address}:${slot.port}${healthPaths.get(slot.backend) ?? "/"}`
          : [],
      );
      const healthy = `for url in ${urls.map((u) => `'${u}'`).join(" ")}; do curl -sf -o /dev/null -m 2 "$url" || exit 1; done`;
      await until(`all services of ${machine} answer ${asker}`, SERVICE_SECONDS, () =>
        machines.ask(asker, healthy, 30),
      );
      await entry.ready(address);
    },
    putBack: (machine) => entry.ready(addresses[machine] ?? ""),
  };
}
