import type { Asker } from "../metrics/ask";

/** None of the monitors answers; the text says why of each. */
export class NoMonitor extends Error {}

/**
 * The machines that watch: each knows what the other knows, so that one is asked, and the other where that one does not
 * answer. Whoever answered last is asked first: a dead one costs its time limit once.
 */
export class Monitors {
  private first = 0;

  constructor(
    private readonly all: { name: string; address: string }[],
    private readonly ask: Asker,
  ) {}

  /**
   * @param script for bash on a monitor with this address
   * @param read throws where the answer is none: then the other is asked
   * @throws NoMonitor
   */
  async answer<T>(
    script: (address: string) => string,
    read: (text: string) => T,
  ): Promise<{ from: string; value: T }> {
    const said: string[] = [];
    const start = this.first;
    for (let i = 0; i < this.all.length; i += 1) {
      const index = (start + i) % this.all.length;
      const { name = "", address = "" } = this.all[index] ?? {};
      try {
        const value = read(await this.ask(name, script(address)));
        this.first = index;
        return { from: name, value };
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        said.push(`${name}: ${why.replace(`${name}: `, "")}`);
      }
    }
    throw new NoMonitor(said.join("; "));
  }
}
