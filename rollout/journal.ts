import * as fs from "node:fs";
import * as path from "node:path";

export interface Saved {
  /** Tiers that the run was to roll. */
  tiers: string[];
  /** When the run began, as text. */
  began: string;
  /** Machines that are done. */
  done: string[];
  /** The machine that was at work. */
  at?: { tier: string; machine: string };
}

/** What an interrupted run has done, so that the next one goes on; gone when a run ended well. */
export class Journal {
  readonly saved: Saved;

  /**
   * Reads what an earlier run left, if there is something.
   * @param tiers what this run is to roll. Another choice of tiers is another wish, and begins anew; what the old run
   *   left half-way is put right all the same
   */
  constructor(
    readonly file: string,
    tiers: string[],
  ) {
    this.saved = { tiers, began: new Date().toISOString(), done: [] };
    if (!fs.existsSync(file)) return;
    const read = JSON.parse(fs.readFileSync(file, "utf8")) as Saved;
    this.saved = read.tiers.join() === tiers.join() ? read : { ...this.saved, at: read.at };
  }

  begin(tier: string, machine: string): void {
    this.saved.at = { tier, machine };
    this.write();
  }

  finish(machine: string): void {
    this.saved.done.push(machine);
    delete this.saved.at;
    this.write();
  }

  end(): void {
    fs.rmSync(this.file, { force: true });
  }

  /** All of it or nothing: whoever is killed here leaves the old one. */
  private write(): void {
    fs.mkdirSync(path.dirname(this.file), { recursive: true });
    fs.writeFileSync(`${this.file}.new`, JSON.stringify(this.saved));
    fs.renameSync(`${this.file}.new`, this.file);
  }
}
