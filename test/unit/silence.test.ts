import { describe, expect, it } from "vitest";
import type { End, Reply } from "../../site/status/ask";
import { isUnsure, patienceAgain, settle } from "../../site/status/silence";

/** A reply; one that has a time has said something. */
const reply = (name: string, end: End, seconds?: number, text = ""): Reply => ({
  machine: { name, tier: "web", address: name },
  text: text || (seconds === undefined ? "" : `${name} at ${seconds}`),
  end,
  seconds,
});
const quick = [reply("a", "done", 0.4), reply("b", "done", 0.6)];
const slow = [reply("a", "done", 1.5), reply("b", "done", 3)];
/** What is made of the one machine that is not like the others. */
const made = (others: Reply[], first: Reply, again?: Reply) =>
  settle([...others, first], again && [again]).at(-1)?.missing ?? "nothing";

describe("settle", () => {
  it("takes a machine for dead that is silent twice while the others are quick", () => {
    for (const end of ["mute", "unreachable"] as const) {
      expect(made(quick, reply("x", "mute"), reply("x", end))).toBe("dead");
      expect(made(quick, reply("x", end))).toBe("dead");
    }
  });

  it("takes a machine for busy whose sshd greets", () => {
    expect(made(quick, reply("x", "mute"), reply("x", "greeted"))).toBe("late");
  });

  it("does not tell dead from busy where others are slow", () => {
    expect(made(slow, reply("x", "mute"), reply("x", "mute"))).toBe("late");
    expect(made(slow, reply("x", "mute"), reply("x", "unreachable"))).toBe("late");
    // The other one had been silent as well.
    const first = [...quick, reply("x", "mute"), reply("y", "mute")];
    const again = [reply("x", "mute"), reply("y", "done", 1)];
    expect(settle(first, again).map((a) => a.missing)).toEqual([
      ...[undefined, undefined, "late", undefined],
    ]);
  });

  it("takes a definite no for death also where others are slow", () => {
    expect(made(slow, reply("x", "mute"), reply("x", "refused"))).toBe("dead");
  });

  it("tells a network that is not there from machines that all are busy", () => {
    const all = (end: End) =>
      settle(
        ["a", "b"].map((name) => reply(name, "mute")),
        ["a", "b"].map((name) => reply(name, end)),
      ).map((answer) => answer.missing);
    expect(all("unreachable")).toEqual(["dead", "dead"]);
    expect(all("refused")).toEqual(["dead", "dead"]);
    expect(all("mute")).toEqual(["late", "late"]);
    expect(all("greeted")).toEqual(["late", "late"]);
  });

  it("does not take a machine that just starts for a sign of a busy site", () => {
    const first = [...quick, reply("x", "mute"), reply("y", "refused")];
    const again = [reply("x", "mute"), reply("y", "done", 1)];
    expect(settle(first, again).map((a) => a.missing)).toEqual([
      ...[undefined, undefined, "dead", undefined],
    ]);
  });

  it("keeps the better of two answers", () => {
    const late = "==> galera\n==! galera\n";
    const first = [reply("x", "done", 0.4, late)];
    const said = (again: Reply) => settle(first, [again])[0];
    expect(said(reply("x", "done", 0.5))).toEqual({
      machine: first[0]?.machine,
      text: "x at 0.5",
      missing: undefined,
    });
    expect(said(reply("x", "cut", 0.5))?.text).toBe(late);
    expect(said(reply("x", "mute"))?.text).toBe(late);
    expect(settle([reply("x", "cut", 0.4)])[0]).toMatchObject({ missing: "cut", text: "x at 0.4" });
  });
});

describe("a second question", () => {
  it("is for those that did not say everything in time", () => {
    expect(isUnsure(reply("x", "done", 0.4))).toBe(false);
    expect(isUnsure(reply("x", "done", 0.4, "==> state\n==! state"))).toBe(true);
    expect(isUnsure(reply("x", "cut", 0.4))).toBe(true);
    expect(isUnsure(reply("x", "mute"))).toBe(true);
  });

  it("takes longer where the others were slow, or said nothing", () => {
    expect(patienceAgain([...quick, reply("x", "mute")]).first).toBe(1.5);
    expect(patienceAgain([reply("a", "done", 1), reply("x", "mute")]).first).toBe(2);
    expect(patienceAgain([...slow, reply("x", "mute")]).first).toBe(5);
    expect(patienceAgain([reply("x", "mute")]).first).toBe(5);
  });
});
