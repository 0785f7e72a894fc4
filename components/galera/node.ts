/** What a Galera node says of itself, read: where it is in the history, and whether it serves. */

/** Where a node is in the history of the set's transactions. */
export interface Position {
  /** History that it is part of; "" when that is known only from the data itself. */
  uuid: string;
  /** Last transaction that it has; undefined: not written down, since it did not end in order. */
  seqno: number | undefined;
}

/** One node as it is now. */
export interface GaleraNode {
  name: string;
  /** Whether its machine answers. */
  reachable: boolean;
  /** Whether MariaDB answers. */
  running: boolean;
  /** Whether it is in a primary component: one that may write. */
  primary: boolean;
  /** "none": it has no whole copy of the data (new, or a copy was under way). */
  position: Position | "none" | { unreadable: string };
  /** Galera's own mark: it was the last to leave in order. */
  safeToBootstrap: boolean;
  /** Why MariaDB cannot start with its settings, whatever is done to it: file, line and its own words. */
  refused?: string;
}

const NO_HISTORY = "00000000-0000-0000-0000-000000000000";

/** A node and its position in words. */
export function describe({ name, position }: GaleraNode): string {
  if (position === "none") return `${name} has no whole copy`;
  if ("unreadable" in position) return `${name}: ${position.unreadable}`;
  const { uuid, seqno } = position;
  return `${name} at ${seqno ?? "an unknown place"} of ${uuid || "an unknown history"}`;
}

/** Shell text: why MariaDB does not run, in one line; nothing when it does not know. */
export const WHY = "mariadb-why";

/** Of what WHY says: whether it is about the settings, so that no restart helps, but another `pulumi up`. */
export const isAboutSettings = (why: string): boolean => why.startsWith("/etc/mysql/");

/** Shell text whose output `parseNode` reads; it only looks. */
export const PROBE = `
echo "unit $(systemctl show mariadb --property=ActiveState --value)"
timeout 5 mariadb --batch --skip-column-names --connect-timeout=2 --execute "SHOW GLOBAL STATUS WHERE Variable_name IN
  ('wsrep_cluster_status', 'wsrep_local_state_uuid', 'wsrep_last_committed')" 2>/dev/null
systemctl --quiet is-active mariadb || echo "why $(${WHY} 2>/dev/null)"
if [ -e /var/lib/mysql/grastate.dat ]; then echo grastate; cat /var/lib/mysql/grastate.dat; fi
true`;

/** Shell text that prints the position that the data itself has, by Galera's own means; MariaDB must be stopped. */
export const READ_POSITION = "runuser -u mysql -- galera_recovery";

/**
 * Reads what PROBE printed on a node.
 * @param text undefined when the machine did not answer
 * @param recovered what READ_POSITION printed, if it was asked
 */
export function parseNode(name: string, text: string | undefined, recovered?: string): GaleraNode {
  const away: GaleraNode = {
    name,
    reachable: false,
    running: false,
    primary: false,
    position: "none",
    safeToBootstrap: false,
  };
  if (text === undefined) return away;
  const [live = "", saved] = text.split(/^grastate\n/m);
  const variable = (key: string) => new RegExp(`^${key}\\t(.*)$`, "m").exec(live)?.[1];
  const status = variable("wsrep_cluster_status");
  const node = { ...away, reachable: true, running: status !== undefined };
  if (status !== undefined) {
    const uuid = variable("wsrep_local_state_uuid") ?? NO_HISTORY;
    const seqno = Number(variable("wsrep_last_committed"));
    const position = uuid === NO_HISTORY || !(seqno >= 0) ? "none" : { uuid, seqno };
    return { ...node, primary: status === "Primary", position };
  }
  // systemd calls it active only once it was in a primary component: it may be serving at this moment.
  if (/^unit active$/m.test(live)) {
    return { ...node, position: { unreadable: "MariaDB runs, but does not answer" } };
  }
  const why = /^why (.+)$/m.exec(live)?.[1] ?? "";
  const refused = isAboutSettings(why) ? { refused: why } : {};
  return { ...node, ...parseSaved(saved, recovered), ...refused };
}

/** Position of a node whose MariaDB does not answer, from grastate.dat and, where that has none, from the data. */
function parseSaved(
  saved: string | undefined,
  recovered: string | undefined,
): Pick<GaleraNode, "position" | "safeToBootstrap"> {
  const field = (key: string) => new RegExp(`^${key}:\\s*(\\S+)$`, "m").exec(saved ?? "")?.[1];
  const uuid = field("uuid");
  const seqno = Number(field("seqno"));
  const safeToBootstrap = field("safe_to_bootstrap") === "1";
  const at = (position: GaleraNode["position"]) => ({ position, safeToBootstrap });
  if (saved !== undefined && (uuid === undefined || !Number.isInteger(seqno))) {
    return at({ unreadable: "grastate.dat is damaged" });
  }
  // Galera writes zeros while a node takes a full copy: the data is in pieces, whatever it says of itself.
  if (uuid === NO_HISTORY) return at("none");
  if (uuid !== undefined && seqno >= 0) return at({ uuid, seqno });
  if (recovered === undefined) return at({ uuid: uuid ?? "", seqno: undefined });
  const found = /--wsrep_start_position=([0-9a-f-]{36}):(-?\d+)/.exec(recovered);
  const [, history = NO_HISTORY, last = "-1"] = found ?? [];
  if (!found) return at({ unreadable: "galera_recovery found no position in the data" });
  if (uuid !== undefined && history !== uuid) {
    return at({ unreadable: `grastate.dat is of ${uuid}, the data of ${history}` });
  }
  if (history === NO_HISTORY || Number(last) < 0) return at("none");
  return at({ uuid: history, seqno: Number(last) });
}
