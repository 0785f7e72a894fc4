import { setTimeout as pause } from "node:timers/promises";

/** What one client saw since its start. */
export interface WriterReport {
  acknowledged: number;
  failed: number;
  /** Longest time without an acknowledgement, and when it began (ms since 1970). */
  outageSeconds: number;
  outageBegan: number;
  lastError: string;
  /** Since its start, whatever was marked. */
  seconds: number;
  /** Of these, all silences of more than a moment, s. */
  awaySeconds: number;
}

/** A silence that is no mere moment: longer than who is served waits between two acknowledgements on a busy machine, ms. */
const SILENCE = 2000;

/** Does one thing over and over, and remembers what was acknowledged. */
export class Writer {
  /** Numbers of the attempts that were acknowledged. */
  readonly acknowledged: number[] = [];
  private readonly seen = { failed: 0, outage: 0, began: 0, error: "" };
  private readonly born = Date.now();
  private last = this.born;
  private away = 0;
  private stopped = false;
  private readonly done: Promise<void>;
  private readonly open = new Set<Promise<void>>();

  /**
   * @param interval pause after the start of each attempt, ms
   * @param attempt does it; rejects when it was not acknowledged
   * @param parallel attempts that may be under way; 1: one user who waits for each, more: as many users
   * @param moment longest silence that is none, ms
   */
  constructor(
    private readonly interval: number,
    private readonly attempt: (n: number) => Promise<unknown>,
    private readonly parallel = 1,
    private readonly moment = SILENCE,
  ) {
    this.done = this.run();
  }

  report(): WriterReport {
    const now = Date.now();
    this.note(now);
    const { failed, outage, began, error } = this.seen;
    return {
      acknowledged: this.acknowledged.length,
      failed,
      outageSeconds: outage / 1000,
      outageBegan: began,
      lastError: error,
      seconds: (now - this.born) / 1000,
      awaySeconds: (this.away + this.silence(now)) / 1000,
    };
  }

  /** From now on it is the longest silence that counts; one that is under way counts from its begin. */
  mark(): void {
    Object.assign(this.seen, { failed: 0, outage: 0, began: 0, error: "" });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.done;
  }

  private async run(): Promise<void> {
    for (let n = 1; !this.stopped; n += 1) {
      const one: Promise<void> = this.once(n).finally(() => this.open.delete(one));
      this.open.add(one);
      if (this.open.size >= this.parallel) await Promise.race(this.open);
      await pause(this.interval);
    }
    await Promise.all(this.open);
  }

  private async once(n: number): Promise<void> {
    try {
      await this.attempt(n);
      const now = Date.now();
      this.note(now);
      this.away += this.silence(now);
      this.last = now;
      this.acknowledged.push(n);
    } catch (error) {
      this.seen.failed += 1;
      this.seen.error = error instanceof Error ? error.message : String(error);
    }
  }

  /** The silence until now, ms; 0 where it is no more than a moment. */
  private silence(now: number): number {
    return now - this.last > this.moment ? now - this.last : 0;
  }

  /** The silence until now, if it is the longest. */
  private note(now: number): void {
    if (now - this.last <= this.seen.outage) return;
    this.seen.outage = now - this.last;
    this.seen.began = this.last;
  }
}
