import { patient, type Roll, type RunningSite } from "../../rollout/roll";
import { Proxies } from "../entry/proxies";

/** Longest time to be synced again, once MariaDB runs, s. */
const SYNC_SECONDS = 300;
/** Longest time for MariaDB to stop and to start, s. It may copy all data before it counts as started. */
const RESTART_SECONDS = 400;
/** For the connection besides, s. */
const SPARE_SECONDS = 20;

/** MariaDB on the Galera nodes; the holder is the one that HAProxy sends clients to, and HAProxy moves them. */
export function roll(site: RunningSite): Roll {
  const { machines, outputs } = site;
  const proxies = new Proxies(machines, outputs.vips.web);
  const members = machines.names("galera");
  const state = (machine: string, word: string) =>
    proxies.all([`set server galera/${machine} state ${word}`]);
  return {
    parts: async () => {
      const up = await proxies.up("galera");
      const sick = members.filter((m) => !up.some(({ servers }) => servers.includes(m)));
      return { members, holder: await proxies.database(), sick };
    },
    missing: async () => {
      for (const { node, servers } of await proxies.up("galera")) {
        const absent = members.filter((m) => !servers.includes(m));
        if (absent.length > 0) return `${absent.join(", ")} not synced, as ${node} sees it`;
      }
      return "";
    },
    // In maintenance its clients go to another node at once, and not only when a check has failed.
    takeOut: (machine) => state(machine, "maint"),
    restart: async (machine) => {
      await machines.run(machine, "systemctl restart mariadb galera-check", RESTART_SECONDS);
    },
    fit: async (machine) => {
      const sync = patient(site, SYNC_SECONDS);
      await machines.run(machine, `galera-check wait ${sync}`, sync + SPARE_SECONDS);
    },
    takeBack: (machine) => state(machine, "ready"),
  };
}
