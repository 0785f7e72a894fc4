/** Which node of a Galera set may be bootstrapped after a crash of all: pure, from what the nodes said. */
import { describe, type GaleraNode } from "./node";

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
  for (const { name, refused } of here) {
    if (refused !== undefined) {
      reasons.push(
        `${name}: MariaDB does not start with its settings, ${refused}: mend them first`,
      );
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
