/** Which node of a Galera set may be bootstrapped after a crash of all: pure, from what the nodes said. */

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
}

export type Recovery =
  /** A primary component is there; the named nodes are not in it and only need to be started. */
  | { action: "rejoin"; start: string[] }
  /** Positions must be read from the data, with MariaDB stopped on all these. */
  | { action: "measure"; nodes: string[] }
  | {
      action: "bootstrap";
      node: string;
      seqno: number;
      others: string[];
      /**
       * Begin a new history: nodes whose position nobody knew must not slip back in as if they had nothing else
       * than the rest. They, and the others now, take a full copy.
       */
      newHistory: boolean;
    }
  | { action: "refuse"; reasons: string[] };

const NO_HISTORY = "00000000-0000-0000-0000-000000000000";

/**
 * Decides how the set gets its primary component back.
 * @param lost nodes that the operator says will not come back: their positions do not count
 */
export function decideRecovery(nodes: GaleraNode[], lost: string[]): Recovery {
  const members = nodes.filter((n) => n.primary);
  if (members.length > 0) {
    const histories = new Set(members.flatMap((n) => historyOf(n) ?? []));
    if (histories.size > 1) {
      return refuse(`two clusters serve: ${members.map(describe).join(", ")}`);
    }
    const start = nodes.filter((n) => n.reachable && !n.running).map((n) => n.name);
    return { action: "rejoin", start };
  }
  const reasons = nodes.flatMap((n) => {
    if (n.reachable && lost.includes(n.name)) return `${n.name} is not lost: its machine answers`;
    if (n.reachable || lost.includes(n.name)) return [];
    return (
      `${n.name} does not answer, and may have what the others have not: ` +
      `start its machine, or, if it will never come back, add --lost ${n.name}`
    );
  });
  const here = nodes.filter((n) => n.reachable);
  for (const { name, position } of here) {
    if (typeof position === "object" && "unreadable" in position) {
      reasons.push(`${name}: ${position.unreadable}`);
    }
  }
  const placed = here.flatMap((node) =>
    typeof node.position === "object" && "uuid" in node.position
      ? { node, position: node.position }
      : [],
  );
  const histories = new Set(placed.map((p) => p.position.uuid).filter((uuid) => uuid !== ""));
  if (histories.size > 1) {
    const which = placed.map(({ node }) => describe(node)).join(", ");
    reasons.push(`not of the same cluster: ${which}; which one has your data is for you to say`);
  }
  if (reasons.length === 0 && placed.length === 0) {
    reasons.push("no node has a whole copy of the data: restore a backup");
  }
  if (reasons.length > 0) return { action: "refuse", reasons };

  const known = placed.flatMap(({ node, position: { seqno } }) =>
    seqno === undefined ? [] : { node, seqno },
  );
  if (known.length < placed.length) return { action: "measure", nodes: here.map((n) => n.name) };
  const most = Math.max(...known.map((k) => k.seqno));
  const behind = known.find((k) => k.node.safeToBootstrap && k.seqno < most);
  if (behind) {
    return refuse(
      `${behind.node.name} was the last to leave in order, yet others have more: ` +
        placed.map(({ node }) => describe(node)).join(", "),
    );
  }
  const best = known.filter((k) => k.seqno === most);
  const { node } = best.find((k) => k.node.safeToBootstrap) ?? best[0] ?? {};
  if (!node) return refuse("no position is known");
  const others = here.filter((n) => n !== node).map((n) => n.name);
  const newHistory = nodes.some((n) => !n.reachable);
  return { action: "bootstrap", node: node.name, seqno: most, others, newHistory };
}

const refuse = (...reasons: string[]): Recovery => ({ action: "refuse", reasons });

const historyOf = ({ position }: GaleraNode) =>
  typeof position === "object" && "uuid" in position ? position.uuid : undefined;

/** A node and its position in words. */
export function describe({ name, position }: GaleraNode): string {
  if (position === "none") return `${name} has no whole copy`;
  if ("unreadable" in position) return `${name}: ${position.unreadable}`;
  const { uuid, seqno } = position;
  return `${name} at ${seqno ?? "an unknown place"} of ${uuid || "an unknown history"}`;
}

/** Shell text whose output `parseNode` reads; it only looks. */
export const PROBE = `
echo "unit $(systemctl show mariadb --property=ActiveState --value)"
timeout 5 mariadb --batch --skip-column-names --connect-timeout=2 --execute "SHOW GLOBAL STATUS WHERE Variable_name IN
  ('wsrep_cluster_status', 'wsrep_local_state_uuid', 'wsrep_last_committed')" 2>/dev/null
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
  return { ...node, ...parseSaved(saved, recovered) };
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
