import type { Parts, Roll } from "../../rollout/roll";

/** A tier in memory, which writes down what is done to it. */
export class MemoryTier implements Roll {
  /** Machines that lack something. */
  readonly sick = new Set<string>();
  /** Whether those serve nobody, or the tier only lacks its spare. */
  silent = false;
  /** Machines that get their clients only when all is done. */
  outside: string[] = [];
  /** A machine that is broken by what is done to it. */
  breaks = "";
  /** A machine during whose change the run is lost. */
  loses = "";
  /** Machines that what is done to them puts right. */
  readonly mends = new Set<string>();

  constructor(
    private readonly log: string[],
    private readonly members: string[],
    public holder?: string,
  ) {}

  parts = (): Promise<Parts> =>
    Promise.resolve({
      members: this.members,
      ...(this.holder !== undefined && { holder: this.holder }),
      sick: this.silent ? [...this.sick] : [],
      outside: this.outside,
    });
  missing = (but: string[] = []) => {
    const lacking = [...this.sick, ...this.outside].filter((m) => !but.includes(m));
    return Promise.resolve(lacking.map((m) => `${m} is sick`).join(", "));
  };
  takeOut = (machine: string) => this.note(`takeOut ${machine}`);
  takeBack = (machine: string) => this.note(`takeBack ${machine}`);
  restart = (machine: string) => this.change([machine], "restart");

  /** Does something to machines. */
  async change(machines: string[], what = "change"): Promise<void> {
    await this.note(`${what} ${machines.join(" ")}`);
    for (const machine of machines) {
      if (this.mends.has(machine)) this.sick.delete(machine);
      if (machine === this.breaks) this.sick.add(machine);
      if (machine === this.loses) throw new Error("does not answer");
    }
  }

  protected note(text: string): Promise<void> {
    this.log.push(text);
    return Promise.resolve();
  }
}

/** The same with a part that is handed over to its first machine. */
export class HandingOver extends MemoryTier {
  relieve = async (machine: string) => {
    await this.note(`relieve ${machine}`);
    [this.holder] = (await this.parts()).members;
  };
}
