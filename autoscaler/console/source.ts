import type { Decision } from "../model";
import type { Order } from "../orders";
import type { Snapshot } from "./wire";

export type { Snapshot } from "./wire";

/** What the console shows, and whom it tells what an operator wants. */
export interface ConsoleSource {
  snapshot(): Snapshot;
  /** Decisions since then, ms since 1970; the oldest first. */
  history(sinceMs: number): Decision[];
  /** Calls back whenever the snapshot has changed. @returns what ends that */
  subscribe(listener: () => void): () => void;
  /**
   * @param by name of the operator
   * @throws Error in words for that person when it cannot be done
   */
  order(order: Order, by: string): Promise<void>;
  /** The service's metrics as Prometheus reads them. */
  metrics(): Promise<string>;
}
