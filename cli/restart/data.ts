import type { Machines } from "../../lib/machines";
import type { Entry, Server } from "./haproxy";
import { SERVICE_SECONDS, type TierWork } from "../../rollout/work";

/** Longest time for MariaDB to stop and to be synced again, s. */
const GALERA_SECONDS = 400;
/** Longest time for a Sentinel failover, which takes 1 to 2 s; Redis takes no writes meanwhile, s. */
const FAILOVER_SECONDS = 10;

/** Servers of one backend as every HAProxy node has them, by node; a node that does not answer is a fault. */
async function seen(entry: Entry, backend: string): Promise<[node: string, up: Server[]][]> {
  return Promise.all(
    entry.nodes.map(async (node) => {
      const servers = (await entry.servers(node)).filter((s) => s.backend === backend && s.up);
      return [node, servers] as [string, Server[]];
    }),
  );
}

/** MariaDB on the Galera nodes. */
export function galera(machines: Machines, entry: Entry): TierWork {
  const members = machines.names("galera");
  const state = (machine: string, word: string) =>
    entry.both([`set server galera/${machine} state ${word}`]);
  return {
    parts: async () => ({ members, holder: await entry.database() }),
    missing: async () => {
      for (const [node, up] of await seen(entry, "galera")) {
        const absent = members.filter((m) => !up.some((s) => s.server === m));
        if (absent.length > 0) return `${absent.join(", ")} not synced, as ${node} sees it`;
      }
      return "";
    },
    restart: async (machine) => {
      // In maintenance its clients go to another node at once, and not only when a check has failed.
      await state(machine, "maint");
      await machines.run(
        machine,
        "systemctl restart mariadb galera-check && galera-check wait 300",
        GALERA_SECONDS,
      );
      await state(machine, "ready");
    },
    putBack: (machine) => state(machine, "ready"),
  };
}

/** Shell functions to ask Redis and its Sentinel on a machine; the password does not get into the list of processes. */
const REDIS = `
value() { sed -n "s/^$1 //p" $2 | head -n 1 | tr -d '"'; }
cd /etc/redis
export REDISCLI_AUTH=$(value requirepass site.conf)
ask() { file=$1; shift; redis-cli --tls --cacert "$(value tls-ca-cert-file $file)" -p "$(value tls-port $file)" "$@"; }
redis() { ask site.conf "$@"; }
sentinel() { ask sentinel.conf sentinel "$@"; }
set=$(sed -n 's/^sentinel monitor \\(\\S*\\).*/\\1/p' sentinel.conf)
`;

/** Redis and its Sentinels. */
export function redis(machines: Machines, entry: Entry): TierWork {
  const members = machines.names("redis");
  const roles = async () => {
    const said = await Promise.all(
      members.map((m) => machines.ask(m, `${REDIS} redis role | head -n 1`)),
    );
    return members.map((name, i) => ({ name, role: said[i]?.trim() ?? "does not answer" }));
  };
  return {
    parts: async () => ({
      members,
      holder: (await roles()).find((r) => r.role === "master")?.name,
    }),
    missing: async () => {
      const now = await roles();
      const masters = now.filter((r) => r.role === "master").map((r) => r.name);
      const sick = now.find((r) => r.role !== "master" && r.role !== "slave");
      if (sick) return `Redis on ${sick.name}: ${sick.role}`;
      if (masters.length !== 1) return `masters: ${masters.join(", ") || "none"}`;
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
          const followed = name !== masters[0] || said.includes(`connected_slaves:${others}`);
          return followed ? "" : `not all replicas follow ${name}`;
        }),
      );
      const fault = faults.find((text) => text !== "");
      if (fault !== undefined) return fault;
      for (const [node, up] of await seen(entry, "redis")) {
        const servers = up.map((s) => s.server).join(", ");
        if (servers !== masters[0]) return `${node} sends clients to ${servers || "nobody"}`;
      }
      return "";
    },
    relieve: async (machine) => {
      // Sentinel makes the old master a replica only some 10 s after the new one is there; until then both would take
      // writes, and those of the old one would be lost. So it takes none meanwhile, and becomes a replica at once.
      const failover = `${REDIS} set -e
master() { sentinel get-master-addr-by-name $set | tr '\\n' ' '; }
redis client pause ${FAILOVER_SECONDS * 1000} write >/dev/null; trap 'redis client unpause >/dev/null' EXIT
old=$(master)
said=$(sentinel failover $set); [ "$said" = OK ] || { echo "$said" >&2; exit 1; }
for i in $(seq ${FAILOVER_SECONDS * 10}); do
  new=$(master)
  if [ "$new" != "$old" ]; then
    redis replicaof $new >/dev/null; redis config rewrite >/dev/null; redis client kill type normal >/dev/null
    exit 0
  fi
  sleep 0.1
done
echo "still the master ${FAILOVER_SECONDS} s after sentinel failover" >&2; exit 1`;
      await machines.run(machine, failover, SERVICE_SECONDS);
    },
    restart: async (machine) => {
      await machines.run(machine, "systemctl restart redis-server redis-sentinel", SERVICE_SECONDS);
    },
  };
}
