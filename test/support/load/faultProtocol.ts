import type { WriterReport } from "./writer";

export interface FaultOptions {
  /** Sets the keys, rows and jobs of the first case apart from others'. */
  run: string;
  url: string;
  ca: string;
  slurmVip: string;
  environment: Record<string, string | number>;
  /** CA certificate of Redis and the database, PEM. */
  dataCa: string;
  /**
   * How long users of the web wait. Impatient ones give a request up soon, so that each new attempt measures. Patient ones
   * wait as a browser does: what they count as failed, a person would have seen.
   */
  webUsers: "impatient" | "patient";
  /** How much slower the machine is than a normal one: the clients are so much slower and more patient. */
  pace: number;
  /** The clients end by themselves after so many seconds. */
  seconds: number;
}
export const CLIENTS = ["web", "redis", "sql", "sbatch", "squeue", "slurmVip"] as const;
export type Client = (typeof CLIENTS)[number];
export type Report = Record<Client, WriterReport>;

/** What the clients saw in one case, and what is left of what was acknowledged in it. */
export interface Verdict {
  report: Report;
  redis: { acknowledged: number; lost: number };
  sql: { acknowledged: number; lost: number };
  /** Jobs that sbatch acknowledged, in that order. */
  jobs: SubmittedJob[];
}

export interface SubmittedJob {
  id: string;
  /** No other submission has it. */
  name: string;
  /** When it was acknowledged, ms since 1970. */
  at: number;
}
