/** How machines of one tier are changed: rollout/tier.ts on a tier in memory. */
import { beforeEach, describe, expect, it } from "vitest";
import { type Change, rollTier } from "../../rollout/tier";
import { inNoTime } from "../support/inNoTime";
import { HandingOver, MemoryTier } from "../support/memoryTier";

/** What happened, in order. */
let log: string[];
beforeEach(() => (log = []));

const three = ["d1", "d2", "d3"];
const run = async (roll: MemoryTier, change: Partial<Change> = {}) => {
  const said: string[] = [];
  const { members } = await roll.parts();
  const rolled = inNoTime(() =>
    rollTier({
      tier: "data",
      roll,
      todo: members,
      change: (machines) => roll.change(machines),
      begin: (machine) => Promise.resolve(void log.push(`begin ${machine}`)),
      done: (machine) => Promise.resolve(void log.push(`done ${machine}`)),
      progress: (text) => said.push(text),
      gateSeconds: 0,
      lookSeconds: 0,
      ...change,
    }),
  );
  const outcome = await rolled.then(
    () => "done",
    (error: Error) => error.message,
  );
  return { outcome, said: said.join("\n") };
};
const changed = () => log.filter((line) => /^(change|relieve)/.test(line));
const whole = (machine: string) => [
  ...[`begin ${machine}`, `takeOut ${machine}`, `change ${machine}`],
  ...[`takeBack ${machine}`, `done ${machine}`],
];
const illUntilChanged = (tier: MemoryTier, ...machines: string[]) => {
  for (const machine of machines) {
    tier.sick.add(machine);
    tier.mends.add(machine);
  }
};

describe("rollTier", () => {
  it("takes one after the other, and the holder last, relieved", async () => {
    const tier = new HandingOver(log, three, "d2");
    const { outcome, said } = await run(tier);
    expect(outcome).toBe("done");
    expect(log).toEqual([...whole("d1"), ...whole("d3"), "relieve d2", ...whole("d2")]);
    expect(said).toContain("data: d2 hands its part over");
  });

  it("waits until a machine could take clients before it gives it any", async () => {
    const fit = (machine: string) => Promise.resolve(void log.push(`fit ${machine}`));
    await run(Object.assign(new MemoryTier(log, ["d1"]), { fit }));
    expect(log.slice(2)).toEqual(["change d1", "fit d1", "takeBack d1", "done d1"]);
  });

  it("changes those that get their clients only when all is done, and waits for none of these", async () => {
    const tier = new MemoryTier(log, three);
    tier.outside = ["d2"];
    expect((await run(tier)).outcome).toBe("done");
    expect(changed()).toEqual(["change d1", "change d2", "change d3"]);
  });

  it("does not ask of those that are still to be changed, or are new, what the change brings", async () => {
    const tier = new MemoryTier(log, three);
    illUntilChanged(tier, "d1", "d2");
    tier.sick.add("new");
    const { outcome } = await run(tier, { todo: ["d1", "d2"], excused: ["d1", "d2", "new"] });
    expect([outcome, changed()]).toEqual(["done", ["change d1", "change d2"]]);
    // What was changed is asked like all others.
    log.length = 0;
    tier.breaks = "d1";
    const again = await run(tier, { todo: ["d1", "d2"], excused: ["d1", "d2", "new"] });
    expect(again.outcome).toContain("d1 is sick");
    expect(changed()).toEqual(["change d1"]);
  });

  it("makes whole what it is at when it is interrupted, and begins nothing more", async () => {
    const tier = new HandingOver(log, three, "d3");
    const abort = new AbortController();
    const change = (machines: string[]) => {
      if (machines.includes("d1")) abort.abort();
      return tier.change(machines);
    };
    const { outcome } = await run(tier, { change, interrupted: abort.signal });
    expect(outcome).toBe("interrupted after d1: d2, d3 not begun; the same command goes on");
    expect(log).toEqual(whole("d1"));
    log.length = 0;
    const again = await run(tier, { interrupted: abort.signal });
    expect(again.outcome).toContain(
      "interrupted before anything was changed: d1, d2, d3 not begun",
    );
    expect(log).toEqual([]);
  });

  it("makes the tier whole also after the last of the suspects", async () => {
    const tier = new MemoryTier(log, three);
    illUntilChanged(tier, "d2");
    const abort = new AbortController();
    const change = (machines: string[]) => {
      abort.abort();
      return tier.change(machines);
    };
    const { outcome } = await run(tier, { change, suspects: ["d2"], interrupted: abort.signal });
    expect(outcome).toBe("interrupted after d2: d1, d3 not begun; the same command goes on");
    expect(log).toEqual(whole("d2"));
  });

  it("touches only those that are to be changed", async () => {
    await run(new HandingOver(log, three, "d2"), { todo: ["d3"] });
    expect(log).toEqual(whole("d3"));
  });

  it("has those that serve nobody together and first, taken from nobody", async () => {
    const tier = new HandingOver(log, three, "d3");
    tier.silent = true;
    illUntilChanged(tier, "d1", "d2");
    expect((await run(tier)).outcome).toBe("done");
    expect(log).toEqual([
      ...["begin d1", "begin d2", "change d1 d2", "takeBack d1", "takeBack d2", "done d1"],
      "done d2",
      ...["relieve d3", ...whole("d3")],
    ]);
  });

  it("leaves those that serve alone when the sick ones do not become well", async () => {
    const tier = new MemoryTier(log, three);
    tier.silent = true;
    tier.sick.add("d2");
    const { outcome } = await run(tier);
    expect(outcome).toMatch(/^d2: data is not whole after 0 s: d2 is sick\nChanged: d2; /);
    expect(changed()).toEqual(["change d2"]);
    expect(log).not.toContain("done d2");
  });

  it("touches nothing where the tier is not whole and nobody knows why", async () => {
    const tier = new MemoryTier(log, three);
    tier.sick.add("d3");
    expect((await run(tier)).outcome).toBe(
      "data is not whole after 0 s: d3 is sick\nd1 and those after it were not touched.",
    );
    expect(log).toEqual([]);
  });

  it("has those that may be why first, where the tier is not whole; one at a time", async () => {
    const tier = new HandingOver(log, three, "d1");
    illUntilChanged(tier, "d2", "d3");
    expect((await run(tier, { suspects: ["d2", "d3"] })).outcome).toBe("done");
    expect(changed()).toEqual(["change d2", "change d3", "relieve d1", "change d1"]);
    // Not before the tier is whole again.
    expect(log.indexOf("done d2")).toBeGreaterThan(log.indexOf("change d3"));
  });

  it("has no order of its own for suspects where the tier is whole", async () => {
    await run(new HandingOver(log, three, "d3"), { suspects: ["d3"] });
    expect(changed()).toEqual(["change d1", "change d2", "relieve d3", "change d3"]);
  });

  it("leaves the others alone when the suspects were not why", async () => {
    const tier = new MemoryTier(log, three);
    tier.sick.add("d3");
    const { outcome } = await run(tier, { suspects: ["d1"] });
    expect(outcome).toContain("d1: data is not whole after 0 s: d3 is sick\nChanged: d1; ");
    expect(changed()).toEqual(["change d1"]);
    expect(log).not.toContain("done d1");
  });

  it("stops at the first machine that does not become whole, and says how far it came", async () => {
    const tier = new MemoryTier(log, three);
    tier.breaks = "d2";
    expect((await run(tier)).outcome).toBe(
      "d2: data is not whole after 0 s: d2 is sick\nChanged: d1, d2; the machines after it were not touched.",
    );
    expect(changed()).toEqual(["change d1", "change d2"]);
    expect(log.filter((line) => line.startsWith("done"))).toEqual(["done d1"]);
  });

  it("stops at the first machine whose change fails, and leaves its mark on it", async () => {
    const tier = new MemoryTier(log, three);
    tier.loses = "d1";
    const { outcome } = await run(tier);
    expect(outcome).toContain("d1: does not answer\n");
    expect(log).toEqual(["begin d1", "takeOut d1", "change d1"]);
  });

  it("does not change a holder whose part did not leave the tier whole", async () => {
    const tier = new HandingOver(log, ["d1", "d2"], "d2");
    const { relieve } = tier;
    tier.relieve = async (machine) => {
      await relieve(machine);
      tier.sick.add("d1");
    };
    expect((await run(tier)).outcome).toContain("d2: data is not whole after 0 s: d1 is sick");
    expect(log.at(-1)).toBe("relieve d2");
  });

  it("neither relieves nor takes out for what no client feels", async () => {
    expect((await run(new HandingOver(log, three, "d2"), { felt: false })).outcome).toBe("done");
    const one = (m: string) => [`begin ${m}`, `change ${m}`, `done ${m}`];
    expect(log).toEqual(
      three
        .filter((m) => m !== "d2")
        .flatMap(one)
        .concat(one("d2")),
    );
  });

  it("has the first alone, then several at a time, where nobody feels it and the tier is made for that", async () => {
    const five = ["d1", "d2", "d3", "d4", "d5"];
    const tier = Object.assign(new MemoryTier(log, five), { together: 3 });
    const { said } = await run(tier, { felt: false });
    expect(changed()).toEqual(["change d1", "change d2 d3 d4", "change d5"]);
    expect(log.filter((line) => line.startsWith("done"))).toEqual(five.map((m) => `done ${m}`));
    expect(said).toContain("data: d2, d3, d4");
    log.length = 0;
    await run(tier);
    expect(changed()).toEqual(five.map((m) => `change ${m}`));
  });

  it("stops at the first that does not become whole before it touches several", async () => {
    const tier = Object.assign(new MemoryTier(log, ["d1", "d2", "d3"]), { together: 3 });
    tier.breaks = "d1";
    expect((await run(tier, { felt: false })).outcome).toContain("d1: data is not whole");
    expect(changed()).toEqual(["change d1"]);
  });

  it("begins no other machine when it is to stop", async () => {
    const abort = new AbortController();
    const tier = new MemoryTier(log, three);
    const change = async (machines: string[]) => {
      await tier.change(machines);
      abort.abort(new Error("the lock was lost"));
    };
    const { outcome } = await run(tier, { change, signal: abort.signal });
    expect(outcome).toContain("the lock was lost");
    expect(log).toEqual(whole("d1"));
  });
});
