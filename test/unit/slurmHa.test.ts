import { readFileSync } from "node:fs";
import execa from "execa";
import { describe, expect, it } from "vitest";
import { buildSlurmHa, bundle } from "../../slurm-ha/build";

/** The package in memory. */
const packaged = (modules: Record<string, string>) =>
  bundle((name) => {
    const text = { __init__: '"""What it is."""', ...modules }[name];
    if (text === undefined) throw new Error(`no module ${name}`);
    return `${text}\n`;
  });

describe("the controllers' program in one file", () => {
  it("is the same for the same sources, and Python takes it", async () => {
    const file = buildSlurmHa();
    const first = readFileSync(file, "utf8");
    expect(readFileSync(buildSlurmHa(), "utf8")).toBe(first);
    expect(first.startsWith("#!/usr/bin/python3\n")).toBe(true);
    expect(first).not.toMatch(/^from slurm_ha/m);
    await execa("python3", ["-c", "import ast, sys; ast.parse(sys.stdin.read())"], {
      input: first,
    });
    const usage = await execa("python3", [file], { reject: false });
    expect(usage.stderr).toMatch(/^usage: slurm-ha provision\|guard\|release\|watch/);
  });

  it("has each module once, after what it needs", () => {
    const text = packaged({
      __main__: "from slurm_ha.a import f\nfrom slurm_ha.b import g\nf(g)",
      a: "import os\nfrom slurm_ha.b import g\ndef f(x):\n    return g(os)",
      b: "import os\ndef g(x):\n    return x",
    });
    expect(text.match(/^import os$/gm)).toHaveLength(1);
    expect(text.match(/^def \w/gm)).toEqual(["def g", "def f"]);
  });

  it.each([
    [
      "two things of one name",
      {
        __main__: "from slurm_ha.a import f\ndef g():\n    f()",
        a: "def f():\n    pass\ndef g():\n    pass",
      },
      /^g is in a.py and in __main__.py/,
    ],
    [
      "a name that is another in one file",
      { __main__: "from slurm_ha.a import f as h", a: "def f():\n    pass" },
      /no "as" in one file/,
    ],
  ])("refuses %s", (_, modules, message) => {
    expect(() => packaged(modules)).toThrow(message);
  });
});
