/** What the rules must know of the site. */
export interface RuleGround {
  /** Names of the web services: HAProxy's backends are called so. */
  services: string[];
  /** Longest drain of a web node, s. */
  drainSeconds: number;
  /** How many machines watch. */
  monitors: number;
  /** Whether hypervisors are watched too. Default: no. */
  hypervisors?: boolean;
}

/** When somebody is told, and what. */
export interface AlertRule {
  alert: string;
  /** PromQL: it fires for each series of the answer. */
  expr: string;
  /** How long it must be so before anybody is told; longer than a failover takes, so that none of them pages anybody. */
  for: string;
  /** A service is down for its users; only the spare of something is missing; worth knowing in the morning. */
  severity: "critical" | "warning" | "info";
  /** One sentence with the series' labels. */
  summary: string;
  /** What that means for users, and what not. */
  meaning: string;
  /** Command to type in the project's directory. */
  next: string;
}

/** Says what is wrong from the machines themselves. */
export const DOCTOR = "npx hpc doctor";
export const STATUS = "npx hpc status";

/** Names as a regular expression of PromQL. */
export const anyOf = (names: string[]): string => names.join("|");

/** A unit that runs on the same machine: of one that does not another alert tells. */
export const runs = (unit: string): string =>
  `on (instance) node_systemd_unit_state{name="${unit}.service", state="active"} == 1`;
