import { ADMIN_SOCKET } from "../../haproxy/node";
import { readHolder } from "../../rollout/lock";
import { LOOK_FOR_HOLDER } from "../../rollout/unlock";
import { type Look, part } from "../look";
import { findings } from "./findings";
import { type Entry, proxy } from "./proxy";
import { rows, table } from "./screen";

/** Longest time that socat waits for an answer, s; more than a part may take, so that it is told which of both it was. */
const SOCAT_SECONDS = 60;
const admin = (commands: string) =>
  `echo '${commands}' | socat -t ${SOCAT_SECONDS} - ${ADMIN_SOCKET}`;

/** Who serves users, from which web nodes, and where the data entries lead. */
export const look: Look<Entry> = {
  rank: 4,
  questions: () => [
    part("state", admin("show servers state; show stat -1 7 -1")),
    part("redis", admin("show table redis")),
    part("galera", admin("show table galera")),
    part("lock", LOOK_FOR_HOLDER),
  ],
  read: (members, part, site) => ({
    pool: site.webPool,
    proxies: members.map(({ name }) => proxy(name, part, site)),
    lock: members
      .map(({ name }) => readHolder(part(name, "lock") ?? "")?.holder)
      .find((holder) => holder !== undefined),
  }),
  findings,
  rows,
  table,
};
