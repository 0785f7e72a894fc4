import type { Colors } from "picocolors/types";
import { isSick, lines, type Finding, type Look, mark, on, part, type Status } from "../look";
import { isAboutSettings, WHY } from "./node";
import { MARIADB } from "./units";

export interface Galera {
  nodes: GaleraNode[];
}

export interface GaleraNode {
  name: string;
  /**
   * wsrep_local_state_comment: Synced, Joining, Donor/Desynced, Initialized, …; "" when MariaDB said nothing; undefined
   * when it did not tell in time.
   */
  state?: string;
  /** Whether it is in the primary component, and so takes queries. */
  primary: boolean;
  /** Nodes that it sees. */
  size: number;
  /** Why MariaDB does not run, in its own words; undefined when it runs or nobody knows. */
  why?: string;
}

const VARIABLES = ["cluster_size", "cluster_status", "local_state_comment", "ready"]
  .map((name) => `'wsrep_${name}'`)
  .join(",");

/** Which nodes are synced, and of how many. */
export const look: Look<Galera> = {
  rank: 3,
  questions: () => [
    part("galera", `mariadb -BN -e "SHOW GLOBAL STATUS WHERE Variable_name IN (${VARIABLES})"`),
    part("why", `systemctl -q is-active ${MARIADB} || ${WHY}`),
  ],
  read: (members, part) => ({
    nodes: members.map(({ name }) => node(name, part(name, "galera"), part(name, "why"))),
  }),
  findings,
  rows: (state, _, c) => [["Galera", row(state, c)]],
  faults({ nodes }, { name, faults }, status) {
    const why = nodes.find((n) => n.name === name)?.why;
    const restart = on(status, name, `systemctl restart ${faults.join(" ")}`);
    if (!faults.includes(MARIADB) || why === undefined) return { mend: restart };
    return isAboutSettings(why)
      ? { why: refused(why), mend: upOf(status) }
      : { why: `MariaDB says: ${why}.`, mend: restart };
  },
};

const refused = (why: string) =>
  `MariaDB refuses its settings, and no restart helps: ${why}. Take back in the stack config what brought them.`;

const upOf = ({ stack }: Status) => `pulumi up --stack ${stack}`;

/** Nodes that take queries. */
export const syncedOf = ({ tiers }: Status): string[] =>
  synced((tiers["galera"] ?? { nodes: [] }) as Galera).map((n) => n.name);

const synced = ({ nodes }: Galera) => nodes.filter((n) => n.primary && n.state === "Synced");

function node(name: string, text: string | undefined, said = ""): GaleraNode {
  const why = said.trim() === "" ? {} : { why: said.trim() };
  if (text === undefined) return { name, primary: false, size: 0, ...why };
  const values = new Map(
    lines(text).map((line) => line.split("\t") as [string, string | undefined]),
  );
  return {
    name,
    state: values.get("wsrep_local_state_comment") ?? "",
    primary: values.get("wsrep_cluster_status") === "Primary" && values.get("wsrep_ready") === "ON",
    size: Number(values.get("wsrep_cluster_size") ?? 0),
    ...why,
  };
}

function findings(galera: Galera, status: Status): Finding[] {
  const { nodes } = galera;
  const well = synced(galera);
  if (well.length === 0) {
    // It may be the one that did not tell.
    if (nodes.some((n) => n.state === undefined)) return [];
    const { name, why } = nodes.find((n) => n.why && isAboutSettings(n.why)) ?? {};
    if (why !== undefined) {
      const what = `No Galera node is synced: the database is down. On ${name} ${refused(why)}`;
      return [{ severity: "down", what, mend: upOf(status) }];
    }
    const what =
      "No Galera node is synced in a primary component: the database is down. When all nodes are back they find each " +
      "other by themselves; the command finds out which may be the first otherwise.";
    const mend = `npx hpc recover galera --stack ${status.stack}`;
    return [{ severity: "down", what, mend }];
  }
  const size = Math.max(...well.map((n) => n.size));
  return nodes
    .filter((n) => n.state !== undefined && !well.includes(n) && !isSick(status, n.name))
    .map(({ name, state }) => ({
      severity: "reduced",
      what:
        `The Galera node ${name} is ${state === "" ? "not answering" : state}, not Synced ` +
        `(the cluster has ${size} of ${nodes.length}). It may be copying its data; if it goes on, restart it.`,
      mend: on(status, name, `systemctl restart ${MARIADB}`),
    }));
}

function row({ nodes }: Galera, c: Colors): string {
  const told = nodes.filter((n) => n.state !== undefined);
  const size = Math.max(0, ...nodes.filter((n) => n.primary).map((n) => n.size));
  const whole =
    size === nodes.length || (size === 0 && told.length < nodes.length ? undefined : false);
  const states = nodes.map(({ name, state, primary }) => {
    if (state === undefined) return `${name} ${mark(undefined, "?", c)}`;
    const word = state === "" ? "no answer" : primary ? state : `${state}, not primary`;
    return `${name} ${mark(primary && state === "Synced", word, c)}`;
  });
  return [
    `size ${mark(whole, `${whole === undefined ? "?" : size} of ${nodes.length}`, c)}`,
    ...states,
  ].join(" · ");
}
