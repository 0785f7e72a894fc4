import { patient, type Roll, type RunningSite, SERVICE_SECONDS } from "../../rollout/roll";
import { Proxies } from "./proxies";
import { lackedByOne } from "./rotation";

const UNITS = "systemctl is-active haproxy keepalived; true";
const ACTIVE = "active\nactive";

/** HAProxy and keepalived on the entry nodes; the holder is who has the VIPs. */
export function roll(site: RunningSite): Roll {
  const { machines, outputs } = site;
  const proxies = new Proxies(machines, outputs.vips.web);
  const members = proxies.nodes;
  return {
    parts: async () => {
      const holder = await proxies.holder();
      const states = await Promise.all(
        members.map(async (node) => ({ node, units: await machines.ask(node, UNITS) })),
      );
      const sick = states.filter(({ node, units }) => node !== holder && units?.trim() !== ACTIVE);
      return { members, holder, sick: sick.map(({ node }) => node) };
    },
    missing: async (but) => {
      if ((await proxies.holder()) === undefined) return "nobody, or more than one, holds the VIPs";
      const nodes = await Promise.all(
        members.map(async (node) => {
          const units = await machines.run(node, UNITS);
          if (units.trim() !== ACTIVE)
            return `${node}: haproxy and keepalived are ${units.trim().split("\n").join(" and ")}`;
          return { node, servers: await proxies.servers(node) };
        }),
      );
      const rotation = nodes.filter((n) => typeof n !== "string");
      return nodes.find((n) => typeof n === "string") ?? lackedByOne(rotation, outputs, but);
    },
    relieve: async (machine) => {
      await machines.run(machine, "haproxy-handover", patient(site, SERVICE_SECONDS));
    },
    restart: async (machine) => {
      await machines.run(machine, "systemctl restart haproxy keepalived", SERVICE_SECONDS);
    },
  };
}
