import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expandHostlist } from "../../plan/hostlist";

describe("a hostlist", () => {
  it.each([
    ["login", ["login"]],
    ["gpu[01-03]", ["gpu01", "gpu02", "gpu03"]],
    ["n[8-10]", ["n8", "n9", "n10"]],
    ["r[1-2]n[1,4-5]x", ["r1n1x", "r1n4x", "r1n5x", "r2n1x", "r2n4x", "r2n5x"]],
    ["10.2.0.[9-10]", ["10.2.0.9", "10.2.0.10"]],
  ])("%s", (text, names) => {
    expect(expandHostlist(text)).toEqual(names);
  });

  it.each([
    "",
    "a b",
    "n[1-",
    "n[]",
    "n[3-1]",
    "n[a-b]",
    "n[1-]",
    "n]1[",
    "n[1][2",
    "n[0-99999999]",
  ])("%s is none", (text) => {
    expect(() => expandHostlist(text)).toThrow();
  });

  const numbers = fc.tuple(fc.nat(300), fc.nat(40), fc.integer({ min: 0, max: 5 }));

  it("has as many names as its range is long, each as wide as written, each once, in order", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,5}$/), numbers, (prefix, [from, more, width]) => {
        const first = String(from).padStart(width, "0");
        const names = expandHostlist(`${prefix}[${first}-${from + more}]`);
        expect(names).toHaveLength(more + 1);
        expect(new Set(names).size).toBe(names.length);
        expect(names.map((name) => Number(name.slice(prefix.length)))).toEqual(
          Array.from({ length: more + 1 }, (_, i) => from + i),
        );
        expect(names.every((name) => name.length >= prefix.length + first.length)).toBe(true);
      }),
    );
  });

  it("of several ranges has the names of each", () => {
    fc.assert(
      fc.property(fc.array(numbers, { minLength: 1, maxLength: 4 }), (ranges) => {
        const words = ranges.map(([from, more]) => `${from}-${from + more}`);
        expect(expandHostlist(`n[${words.join(",")}]`)).toEqual(
          words.flatMap((word) => expandHostlist(`n[${word}]`)),
        );
      }),
    );
  });
});
