/** How attempts of one kind are slowed. */
export interface Pace {
  /** So many cost nothing. */
  free: number;
  /** The pause after the first that is not free, doubled with each further one, s. */
  first: number;
  /** Longest pause, s. */
  most: number;
}

/** What is forgotten: keys without an attempt for so long, ms. */
const FORGET = 3_600_000;
/** Most keys that are remembered: 10 000 take about 2 MB. The one that was quiet for longest is dropped. */
const MOST_KEYS = 10_000;

/**
 * Slows whoever fails again and again: only for its own key and never for ever, so that nobody can lock out others. An attempt
 * counts when it begins, so that many at once gain nothing.
 */
export class Patience {
  private readonly tried = new Map<string, { count: number; last: number }>();

  constructor(
    private readonly pace: Pace,
    private readonly now: () => number = Date.now,
  ) {}

  /** How long a key has to wait before its next attempt, s; 0: it may try. */
  wait(key: string): number {
    const known = this.known(key);
    const { free, first, most } = this.pace;
    if (known === undefined || known.count < free) return 0;
    const pause = Math.min(most, first * 2 ** Math.min(30, known.count - free));
    return Math.max(0, Math.ceil(pause - (this.now() - known.last) / 1000));
  }

  /** An attempt begins. */
  begin(key: string): void {
    const count = (this.known(key)?.count ?? 0) + 1;
    // The newest is last, so that the first is the one to drop.
    this.tried.delete(key);
    this.tried.set(key, { count, last: this.now() });
    const [oldest] = this.tried.keys();
    if (this.tried.size > MOST_KEYS && oldest !== undefined) this.tried.delete(oldest);
  }

  /** It was wrong. The pause begins now: to find that out may have taken longer than the pause. */
  failed(key: string): void {
    const known = this.known(key);
    if (known !== undefined) known.last = this.now();
  }

  /** It was right: it does not count, and those before it do. */
  takeBack(key: string): void {
    const known = this.known(key);
    if (known !== undefined) known.count -= 1;
  }

  /** It was right, and those before it were slips of the same person. */
  forget(key: string): void {
    this.tried.delete(key);
  }

  private known(key: string): { count: number; last: number } | undefined {
    const known = this.tried.get(key);
    return known !== undefined && this.now() - known.last < FORGET ? known : undefined;
  }
}
