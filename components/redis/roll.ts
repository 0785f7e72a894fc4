import {
  patient,
  type Remote,
  type Roll,
  type RunningSite,
  SERVICE_SECONDS,
} from "../../rollout/roll";
import { Proxies } from "../entry/proxies";
import { REDIS } from "./cli";

/** Longest time for a Sentinel failover, which takes 1 to 2 s; Redis takes no writes meanwhile, s. */
const FAILOVER_SECONDS = 10;

/**
 * Sentinel makes the old master a replica only some 10 s after the new one is there; until then both would take
 * writes, and those of the old one would be lost. So it takes none meanwhile, and becomes a replica at once.
 */
const failover = (seconds: number) => `${REDIS} set -e
master() { sentinel get-master-addr-by-name $set | tr '\\n' ' '; }
redis client pause ${seconds * 1000} write >/dev/null; trap 'redis client unpause >/dev/null' EXIT
old=$(master)
said=$(sentinel failover $set); [ "$said" = OK ] || { echo "$said" >&2; exit 1; }
for i in $(seq ${seconds * 10}); do
  new=$(master)
  if [ "$new" != "$old" ]; then
    redis replicaof $new >/dev/null; redis config rewrite >/dev/null; redis client kill type normal >/dev/null
    exit 0
  fi
  sleep 0.1
done
echo "still the master ${seconds} s after sentinel failover" >&2; exit 1`;

/** Redis and its Sentinels; the holder is the master. */
export function roll(site: RunningSite): Roll {
  const { machines, outputs } = site;
  const proxies = new Proxies(machines, outputs.vips.web);
  const members = machines.names("redis");
  return {
    parts: async () => {
      const now = await roles(machines);
      const serves = (role: string) => role === "master" || role === "slave";
      return {
        members,
        holder: now.find((r) => r.role === "master")?.name,
        sick: now.filter((r) => !serves(r.role)).map((r) => r.name),
      };
    },
    missing: async () => {
      const now = await roles(machines);
      const masters = now.filter((r) => r.role === "master").map((r) => r.name);
      const sick = now.find((r) => r.role !== "master" && r.role !== "slave");
      if (sick) return `Redis on ${sick.name}: ${sick.role}`;
      const [master] = masters;
      if (master === undefined || masters.length > 1)
        return `masters: ${masters.join(", ") || "none"}`;
      const fault = await missingReplication(machines, master);
      if (fault !== "") return fault;
      for (const { node, servers } of await proxies.up("redis")) {
        const sent = servers.join(", ");
        if (sent !== master) return `${node} sends clients to ${sent || "nobody"}`;
      }
      return "";
    },
    relieve: async (machine) => {
      const seconds = patient(site, FAILOVER_SECONDS);
      await machines.run(machine, failover(seconds), SERVICE_SECONDS + seconds);
    },
    restart: async (machine) => {
      await machines.run(machine, "systemctl restart redis-server redis-sentinel", SERVICE_SECONDS);
    },
  };
}

/** What each Redis says that it is: "master", "slave", or why it does not say. */
async function roles(machines: Remote): Promise<{ name: string; role: string }[]> {
  const ask = `${REDIS} redis role | head -n 1`;
  return Promise.all(
    machines.names("redis").map(async (name) => {
      const said = await machines.ask(name, ask);
      return { name, role: said?.trim() ?? "does not answer" };
    }),
  );
}

/** Whether every replica follows, and every Sentinel knows them all; "" when that is so. */
async function missingReplication(machines: Remote, master: string): Promise<string> {
  const members = machines.names("redis");
  // Replicas in the eyes of each Sentinel: "slave" and nothing else (s_down, disconnected) in their flags.
  const ask = `${REDIS} sentinel ckquorum $set; sentinel replicas $set | grep -A1 -x flags | grep -cx slave; redis info replication`;
  const others = members.length - 1;
  const faults = await Promise.all(
    members.map(async (name) => {
      const said = (await machines.ask(name, ask)) ?? "does not answer";
      const [quorum = "", count] = said.split("\n");
      if (!quorum.startsWith(`OK ${members.length} `)) return `Sentinel on ${name}: ${quorum}`;
      if (count !== String(others)) return `Sentinel on ${name} misses a replica`;
      if (/^master_link_status:down/m.test(said)) return `${name} does not follow the master`;
      const followed = name !== master || said.includes(`connected_slaves:${others}`);
      return followed ? "" : `not all replicas follow ${name}`;
    }),
  );
  return faults.find((text) => text !== "") ?? "";
}
