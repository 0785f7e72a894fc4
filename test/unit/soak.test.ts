import { describe, expect, it } from "vitest";
import { until } from "../../lib/wait";
import type { Case } from "../faults/cases";
import { endless, nothingSeen, soakTable, withReport } from "../faults/soak";
import { CLIENTS, type Report } from "../support/load/faultProtocol";
import { Writer } from "../support/load/writer";
import { seeded } from "../support/seeded";

const cases = ["a", "b", "c", "d"].map((name): Case => ({
  name,
  fault: () => Promise.resolve(() => Promise.resolve()),
  limits: {},
}));
function first(n: number, seed: number): string {
  const order = endless(cases, seeded(seed));
  return Array.from({ length: n }, () => order.next().value.name).join("");
}

describe("the order of a soak", () => {
  it("is the same for a seed, and another for another", () => {
    expect(first(40, 7)).toBe(first(40, 7));
    expect(new Set([1, 2, 3, 4, 5].map((seed) => first(40, seed))).size).toBe(5);
  });

  it("has each case before any comes again", () => {
    const rounds = first(40, 7).match(/.{4}/g) ?? [];
    expect(rounds.map((round) => [...round].sort().join(""))).toEqual(Array(10).fill("abcd"));
    expect(new Set(rounds).size).toBeGreaterThan(3);
  });

  it("of no cases does not go on for ever", () => {
    expect(() => endless([], seeded(1)).next()).toThrow("no cases");
  });
});

describe("what a soak's clients saw", () => {
  const saw = (seconds: number, awaySeconds: number) =>
    Object.fromEntries(
      CLIENTS.map((client) => [
        client,
        {
          ...{ acknowledged: 10, failed: 1, outageSeconds: 0, outageBegan: 0, lastError: "" },
          ...{ seconds, awaySeconds },
        },
      ]),
    ) as Report;

  it("adds up over its cases, and is never rounded up", () => {
    const seen = withReport(withReport(nothingSeen(), saw(1000, 0)), saw(27_800, 0.1));
    const ran = [
      { case: "haproxy kill -9", faults: [] },
      { case: "memory of web", faults: ["web: 1 requests failed"] },
    ];
    const text = soakTable({ seed: 42, seconds: 28_800, seen, ran });
    expect(text).toContain("2 faults and changes in 8 h, seed 42; 1 of them with a fault.");
    expect(text).toContain("| web | 99.999 | 0 s | 8 h | 20 |");
    expect(text).toContain("- memory of web: web: 1 requests failed");
    expect(soakTable({ seed: 1, seconds: 0, seen: nothingSeen(), ran: [] })).toContain(
      "| web | - |",
    );
  });

  it("is all silences of more than a moment, also one that has not ended", async () => {
    let served = false;
    const answer = () => (served ? Promise.resolve() : Promise.reject(new Error("away")));
    const writer = new Writer(2, answer, 1, 100);
    const away = () => writer.report().awaySeconds;
    await until("it is away", 20, () => Promise.resolve(away() > 0.15), 0.02);
    served = true;
    await until("it is served", 20, () => Promise.resolve(writer.acknowledged.length > 0), 0.02);
    const first = away();
    expect(first).toBeGreaterThan(0.15);
    expect(first).toBeLessThan(writer.report().seconds);
    // Marks are for the longest one: this one counts too.
    writer.mark();
    served = false;
    await until("it is away again", 20, () => Promise.resolve(away() > first + 0.1), 0.02);
    await writer.stop();
  });
});
