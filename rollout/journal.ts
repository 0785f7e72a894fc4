/** What an interrupted restart has done, so that the next one goes on; it is kept on the site with its lock. */
export interface Saved {
  /** Tiers that the run was to restart. */
  tiers: string[];
  /** When the run began, ISO 8601. */
  began: string;
  /** Machines that are done. */
  done: string[];
}

/** A journal that is older says nothing of what runs now, h. */
const STALE_HOURS = 24;

export class Journal {
  readonly saved: Saved;

  /**
   * @param text what an earlier run left; "" when there is nothing
   * @param tiers what this run is to restart. Another choice of tiers is another wish, and begins anew
   * @param write keeps a line on the site; "" clears it
   */
  constructor(
    text: string,
    tiers: string[],
    private readonly write: (text: string) => void,
    now = new Date(),
  ) {
    const left = read(text);
    const stale = left && now.getTime() - Date.parse(left.began) > STALE_HOURS * 3_600_000;
    this.saved =
      left && !stale && left.tiers.join() === tiers.join()
        ? left
        : { tiers, began: now.toISOString(), done: [] };
  }

  finish(machine: string): void {
    this.saved.done.push(machine);
    this.write(JSON.stringify(this.saved));
  }

  end(): void {
    this.write("");
  }
}

function read(text: string): Saved | undefined {
  try {
    const { tiers, began, done } = JSON.parse(text) as Saved;
    return Array.isArray(tiers) && Array.isArray(done) ? { tiers, began, done } : undefined;
  } catch {
    return undefined;
  }
}
