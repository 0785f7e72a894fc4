import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Journal } from "../../rollout/journal";
import type { Roll } from "../../rollout/roll";
import { rollOut } from "../../rollout/run";

let directory: string;
beforeEach(() => (directory = mkdtempSync(path.join(tmpdir(), "rollout-"))));
afterEach(() => rmSync(directory, { recursive: true }));

/** What happened on all tiers, in order; reset by each test. */
let log: string[] = [];
beforeEach(() => (log = []));

/** A tier in memory. */
class Tier implements Roll {
  /** Machines that are not whole. */
  readonly sick = new Set<string>();
  /** A machine that is broken by its restart. */
  breaks = "";
  /** A machine during whose restart the run is lost. */
  loses = "";

  constructor(
    private readonly members: string[],
    private holder?: string,
  ) {}

  parts = () => Promise.resolve({ members: this.members, holder: this.holder });
  missing = () => Promise.resolve([...this.sick].map((m) => `${m} is sick`).join(", "));
  takeOut = (machine: string) => this.note(`takeOut ${machine}`);
  takeBack = (machine: string) => this.note(`takeBack ${machine}`);
  restart = async (machine: string) => {
    await this.note(`restart ${machine}`);
    if (machine === this.breaks) this.sick.add(machine);
    if (machine === this.loses) throw new Error(`${machine}: does not answer`);
  };

  private note(text: string): Promise<void> {
    log.push(text);
    return Promise.resolve();
  }

  /** The same with a part that is handed over to the first machine. */
  static handingOver(members: string[], holder: string): Roll & Tier {
    const tier = new Tier(members, holder);
    const relieve = async (machine: string) => {
      await tier.note(`relieve ${machine}`);
      [tier.holder] = members;
    };
    return Object.assign(tier, { relieve });
  }
}

const file = () => path.join(directory, "restart-lab.json");
const run = async (rolls: Record<string, Roll>, tiers = Object.keys(rolls)) => {
  const said: string[] = [];
  const outcome = await rollOut({
    rolls,
    tiers,
    journal: new Journal(file(), tiers),
    progress: (text) => said.push(text),
    gateSeconds: 0,
    lookSeconds: 0,
  }).then(
    () => "done",
    (error: Error) => error.message,
  );
  return { outcome, said: said.join("\n") };
};

describe("rollOut", () => {
  it("takes tiers in their order, one machine after the other, the holder last and relieved", async () => {
    const data = Tier.handingOver(["d1", "d2"], "d2");
    const web = new Tier(["w1", "w2"]);
    expect((await run({ data, web })).outcome).toBe("done");
    expect(log).toEqual([
      ...["takeOut d1", "restart d1", "takeBack d1"],
      ...["relieve d2", "takeOut d2", "restart d2", "takeBack d2"],
      ...["takeOut w1", "restart w1", "takeBack w1"],
      ...["takeOut w2", "restart w2", "takeBack w2"],
    ]);
  });

  it("moves nobody's part where it cannot be moved", async () => {
    const { said } = await run({ data: new Tier(["d1", "d2"], "d1") });
    expect(log.filter((l) => l.startsWith("restart"))).toEqual(["restart d2", "restart d1"]);
    expect(said).not.toContain("hands its part over");
  });

  it("touches nothing while any of the tiers is not whole", async () => {
    const [data, web] = [new Tier(["d1"]), new Tier(["w1"])];
    web.sick.add("w1");
    expect((await run({ data, web })).outcome).toBe(
      "web is not whole after 0 s: w1 is sick\nNothing was restarted.",
    );
    expect(log).toEqual([]);
  });

  it("takes a look that fails for a tier that is not whole", async () => {
    const data = new Tier(["d1"]);
    data.missing = () => Promise.reject(new Error("d1: does not answer"));
    expect((await run({ data })).outcome).toContain("data is not whole after 0 s: d1: does not");
    expect(log).toEqual([]);
  });

  it("stops at the first machine that does not become whole; the others stay untouched", async () => {
    const [data, web] = [new Tier(["d1", "d2", "d3"]), new Tier(["w1"])];
    data.breaks = "d2";
    const { outcome, said } = await run({ data, web });
    expect(outcome).toBe("data is not whole after 0 s: d2 is sick");
    expect(said).toContain("Stopped at data: d2; the machines after it were not touched.");
    expect(log.filter((l) => l.startsWith("restart"))).toEqual(["restart d1", "restart d2"]);
  });

  it("does not restart a holder whose part did not leave it whole", async () => {
    const data = Tier.handingOver(["d1", "d2"], "d2");
    const relieve = data.relieve?.bind(data);
    data.relieve = async (machine) => {
      await relieve?.(machine);
      data.sick.add("d1");
    };
    expect((await run({ data })).outcome).toBe("data is not whole after 0 s: d1 is sick");
    expect(log.at(-1)).toBe("relieve d2");
  });

  it("goes on after an interruption: takes back what was at work, and leaves what is done alone", async () => {
    const [data, web] = [new Tier(["d1", "d2"]), new Tier(["w1", "w2"])];
    web.loses = "w1";
    expect((await run({ data, web })).outcome).toBe("w1: does not answer");
    expect(log.at(-1)).toBe("restart w1");
    log = [];
    web.loses = "";
    const { outcome, said } = await run({ data, web });
    expect(outcome).toBe("done");
    expect(said).toMatch(/Going on with the run of .*, after d1, d2\./);
    expect(log).toEqual([
      "takeBack w1",
      ...["takeOut w1", "restart w1", "takeBack w1"],
      ...["takeOut w2", "restart w2", "takeBack w2"],
    ]);
  });

  it("takes back what another choice of tiers had left half-way, and rolls only its own", async () => {
    const [data, web] = [new Tier(["d1"]), new Tier(["w1"])];
    web.loses = "w1";
    await run({ data, web });
    log = [];
    expect((await run({ data, web }, ["data"])).outcome).toBe("done");
    expect(log).toEqual(["takeBack w1", "takeOut d1", "restart d1", "takeBack d1"]);
  });

  it("leaves nothing to go on with when it ended well", async () => {
    const data = new Tier(["d1"]);
    await run({ data });
    log = [];
    await run({ data });
    expect(log).toEqual(["takeOut d1", "restart d1", "takeBack d1"]);
  });
});
