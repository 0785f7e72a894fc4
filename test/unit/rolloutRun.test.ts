import { beforeEach, describe, expect, it } from "vitest";
import { Journal } from "../../rollout/journal";
import type { Roll } from "../../rollout/roll";
import { rollOut } from "../../rollout/run";
import { inNoTime } from "../support/inNoTime";
import { HandingOver, MemoryTier } from "../support/memoryTier";

/** What happened on all tiers, in order. */
let log: string[];
/** What the site keeps of the run, and the marks on its machines. */
let kept: string;
let marked: Map<string, string>;
beforeEach(() => {
  log = [];
  kept = "";
  marked = new Map();
});
const of = (members: string[], holder?: string) => new MemoryTier(log, members, holder);

const run = async (rolls: Record<string, Roll>, tiers = Object.keys(rolls)) => {
  const said: string[] = [];
  const tierOf = (machine: string) => (machine.startsWith("w") ? "web" : "data");
  const rolled = inNoTime(() =>
    rollOut({
      rolls,
      tiers,
      journal: new Journal(kept, tiers, (text) => (kept = text)),
      left: [...marked].map(([machine, tier]) => ({ tier, machine })),
      mark: (machine) => Promise.resolve(void marked.set(machine, tierOf(machine))),
      clear: (machine) => Promise.resolve(void marked.delete(machine)),
      progress: (text) => said.push(text),
      gateSeconds: 0,
      lookSeconds: 0,
    }),
  );
  const outcome = await rolled.then(
    () => "done",
    (error: Error) => error.message,
  );
  return { outcome, said: said.join("\n") };
};

describe("rollOut", () => {
  it("takes tiers in their order, one machine after the other, the holder last and relieved", async () => {
    const data = new HandingOver(log, ["d1", "d2"], "d2");
    const web = of(["w1", "w2"]);
    expect((await run({ data, web })).outcome).toBe("done");
    expect(log).toEqual([
      ...["takeOut d1", "restart d1", "takeBack d1"],
      ...["relieve d2", "takeOut d2", "restart d2", "takeBack d2"],
      ...["takeOut w1", "restart w1", "takeBack w1"],
      ...["takeOut w2", "restart w2", "takeBack w2"],
    ]);
  });

  it("moves nobody's part where it cannot be moved", async () => {
    const { said } = await run({ data: of(["d1", "d2"], "d1") });
    expect(log.filter((l) => l.startsWith("restart"))).toEqual(["restart d2", "restart d1"]);
    expect(said).not.toContain("hands its part over");
  });

  it("touches nothing while any of the tiers is not whole", async () => {
    const [data, web] = [of(["d1"]), of(["w1"])];
    web.sick.add("w1");
    expect((await run({ data, web })).outcome).toBe(
      "web is not whole after 0 s: w1 is sick\nNothing was restarted.",
    );
    expect(log).toEqual([]);
  });

  it("takes a look that fails for a tier that is not whole", async () => {
    const data = of(["d1"]);
    data.missing = () => Promise.reject(new Error("d1: does not answer"));
    expect((await run({ data })).outcome).toContain("data is not whole after 0 s: d1: does not");
    expect(log).toEqual([]);
  });

  it("stops at the first machine that does not become whole; the others stay untouched", async () => {
    const [data, web] = [of(["d1", "d2", "d3"]), of(["w1"])];
    data.breaks = "d2";
    const { outcome, said } = await run({ data, web });
    expect(outcome).toBe(
      "d2: data is not whole after 0 s: d2 is sick\nChanged: d1, d2; the machines after it were not touched.",
    );
    expect(said).toContain("Go on, when that is mended: the same command again.");
    expect(log.filter((l) => l.startsWith("restart"))).toEqual(["restart d1", "restart d2"]);
  });

  it("goes on after an interruption: takes back what was at work, and leaves what is done alone", async () => {
    const [data, web] = [of(["d1", "d2"]), of(["w1", "w2"])];
    web.loses = "w1";
    expect((await run({ data, web })).outcome).toContain("w1: does not answer");
    expect([...marked.keys()]).toEqual(["w1"]);
    expect(log.at(-1)).toBe("restart w1");
    log.length = 0;
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
    const [data, web] = [of(["d1"]), of(["w1"])];
    web.loses = "w1";
    await run({ data, web });
    log.length = 0;
    expect((await run({ data, web }, ["data"])).outcome).toBe("done");
    expect(log).toEqual(["takeBack w1", "takeOut d1", "restart d1", "takeBack d1"]);
  });

  it("takes nobody out where a restart is felt by nobody", async () => {
    const data = Object.assign(of(["d1"]), { inPlace: ["restart"] as const });
    await run({ data });
    expect(log).toEqual(["restart d1"]);
  });

  it("leaves nothing to go on with when it ended well", async () => {
    const data = of(["d1"]);
    await run({ data });
    log.length = 0;
    await run({ data });
    expect(log).toEqual(["takeOut d1", "restart d1", "takeBack d1"]);
  });
});
