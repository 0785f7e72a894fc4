import { describe, expect, it } from "vitest";
import { Journal } from "../../rollout/journal";

/** What the site keeps. */
class Kept {
  text = "";
  readonly write = (text: string) => void (this.text = text);
  journal = (tiers: string[], now?: Date) => new Journal(this.text, tiers, this.write, now);
}

describe("Journal", () => {
  it("begins with nothing, and writes nothing before the first machine is done", () => {
    const kept = new Kept();
    expect(kept.journal(["web"]).saved).toMatchObject({ tiers: ["web"], done: [] });
    expect(kept.text).toBe("");
  });

  it("an interrupted run: the next one knows what is done, in one line", () => {
    const kept = new Kept();
    const first = kept.journal(["redis", "web"]);
    first.finish("redis1");
    expect(kept.text).not.toContain("\n");
    const next = kept.journal(["redis", "web"]);
    expect(next.saved).toEqual(first.saved);
    next.finish("redis2");
    expect(kept.journal(["redis", "web"]).saved.done).toEqual(["redis1", "redis2"]);
  });

  it("another choice of tiers begins anew", () => {
    const kept = new Kept();
    kept.journal(["redis", "web"]).finish("redis1");
    expect(kept.journal(["redis"]).saved).toMatchObject({ tiers: ["redis"], done: [] });
  });

  it("says nothing any more a day later: other things have run since", () => {
    const kept = new Kept();
    const began = new Date("2026-01-01T00:00:00Z");
    kept.journal(["web"], began).finish("web1");
    const at = (hours: number) =>
      kept.journal(["web"], new Date(began.getTime() + hours * 3_600_000)).saved.done;
    expect([at(23), at(25)]).toEqual([["web1"], []]);
  });

  it("is gone after a run that ended well", () => {
    const kept = new Kept();
    const journal = kept.journal(["web"]);
    journal.finish("web1");
    journal.end();
    expect(kept.text).toBe("");
  });

  it.each(["{", "null", "[]", '"web"', "{}"])("what is no journal is none: %s", (text) => {
    expect(new Journal(text, ["web"], () => undefined).saved.done).toEqual([]);
  });
});
