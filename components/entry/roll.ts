import { patient, type Roll, type RunningSite, SERVICE_SECONDS } from "../../rollout/roll";
import { Proxies } from "./proxies";
import { missingInRotation } from "./rotation";

/** HAProxy and keepalived on the entry nodes; the holder is who has the VIPs. */
export function roll(site: RunningSite): Roll {
  const { machines, outputs } = site;
  const proxies = new Proxies(machines, outputs.vips.web);
  const members = proxies.nodes;
  return {
    parts: async () => ({ members, holder: await proxies.holder() }),
    missing: async () => {
      if ((await proxies.holder()) === undefined) return "nobody, or more than one, holds the VIPs";
      const lists = await Promise.all(
        members.map(async (node) => {
          const units = await machines.run(node, "systemctl is-active haproxy keepalived; true");
          if (units.trim() !== "active\nactive")
            return `${node}: haproxy and keepalived are ${units}`;
          return missingInRotation(await proxies.servers(node), node, outputs);
        }),
      );
      return lists.find((text) => text !== "") ?? "";
    },
    relieve: async (machine) => {
      await machines.run(machine, "haproxy-handover", patient(site, SERVICE_SECONDS));
    },
    restart: async (machine) => {
      await machines.run(machine, "systemctl restart haproxy keepalived", SERVICE_SECONDS);
    },
  };
}
