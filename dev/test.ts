import * as path from "node:path";
import {
  changeSuite,
  faultSuite,
  labSuite,
  onTestStack,
  removeEverything,
  soakSuite,
} from "../test/support/suite";
import { BROWSER_NEEDS } from "../test/support/browser";
import { nightlySuite } from "../test/support/nightly";
import { fitForFigures, measurePace, sayPace } from "../test/support/pace";
import { vmSuite } from "../test/vm/suite";
import { durationOf } from "../cli/duration";
import { type Progress, elapsed } from "../lib/progress";
import { ensurePackages, type Needs } from "../toolchain/host";
import { ensureRuleChecks } from "../toolchain/ruleChecks";
import { ensureToolchain } from "../toolchain/setup";
import { ensurePythonChecks } from "../toolchain/venv";
import { sideBySide } from "./sideBySide";
import type { Stage } from "./stages";

/** What unit tests run besides: style sheets of libvirt's provider. */
const UNIT_NEEDS: Needs = [["xsltproc", "xsltproc"]];
/** Longest time for one unit test, on a machine of normal speed, ms. */
const UNIT_TEST = 20_000;

const vitest = (name: string, pace: number, ...directories: string[]): Stage => {
  const most = Math.round(UNIT_TEST * pace);
  return {
    name,
    command: ["vitest", "run", `--testTimeout=${most}`, `--hookTimeout=${most}`, ...directories],
  };
};
/** Where tools keep what they found of files that have not changed since, by their content. */
const CACHE = "node_modules/.cache";
const CACHED = [
  "--cache",
  "--cache-strategy=content",
  `--cache-location=${CACHE}/prettier/.prettier-cache`,
];
const builtBefore = (what: string) => [
  "--incremental",
  "--tsBuildInfoFile",
  `${CACHE}/tsc/${what}.tsbuildinfo`,
];
const text: Stage[] = [
  { name: "format", command: ["prettier", "--check", "--log-level=warn", ...CACHED, "."] },
  { name: "lint", command: ["eslint", "."] },
  { name: "types", command: ["tsc", "--noEmit", ...builtBefore("program")] },
  {
    name: "types of the console",
    command: ["tsc", "--noEmit", ...builtBefore("console"), "-p", "test/browser"],
  },
  {
    name: "rooms of the house",
    command: [
      "depcruise",
      "--config=.dependency-cruiser.mjs",
      ...["index.ts", "lib", "plan", "portal", "releases", "haproxy", "programs", "rollout"],
      ...[
        "drivers",
        "policy",
        "slurm-ha",
        "toolchain",
        "components",
        "image",
        "site",
        "autoscaler",
        "cli",
      ],
      ...["dev", "test"],
    ],
  },
];
/** @param checkers where the tools are that check the monitor's rules */
const code = (pace: number, checkers: string): [units: Stage, preview: Stage] => [
  {
    ...vitest("unit tests", pace, "test/unit", "test/policy"),
    env: { PATH: [checkers, process.env["PATH"] ?? ""].join(path.delimiter) },
  },
  vitest("offline preview", pace, "test/preview"),
];
const browser = (pace: number): Stage => vitest("console in a browser", pace, "test/browser");
const ansible: Stage[] = [
  {
    name: "Ansible lint and syntax",
    command: ["ansible-lint", "--offline", "--strict", "--profile=production"],
    cwd: "ansible",
  },
];
const tools: Stage[] = [
  {
    name: "toolchain tests",
    command: ["go", "test", "-trimpath", "./..."],
    cwd: "toolchain/go",
    env: { CGO_ENABLED: "0" },
  },
];
/** The controllers' program. @param bin where its tools are */
const python = (bin: string): Stage[] => [
  { name: "slurm-ha: lint", command: [`${bin}/ruff`, "check", "."], cwd: "slurm-ha" },
  { name: "slurm-ha: types", command: [`${bin}/mypy`], cwd: "slurm-ha" },
  { name: "slurm-ha: tests", command: [`${bin}/pytest`], cwd: "slurm-ha" },
];

/** The suites by name, with what follows the name; `all` is what CI and `npm test` run. */
const suites: Record<string, (args: string[], pace: number) => Promise<boolean>> = {
  unit: async (_, pace) => {
    await ensurePackages(UNIT_NEEDS, progress);
    return sideBySide([text, code(pace, await ensureRuleChecks(progress))], progress);
  },
  browser: async (_, pace) => {
    await ensurePackages(BROWSER_NEEDS, progress);
    return sideBySide([[browser(pace)]], progress);
  },
  // npm run test:lab -- [parts of the files' names] | remove
  lab: (args) =>
    args[0] === "remove"
      ? removeEverything(progress)
      : onTestStack([() => labSuite(args, progress)], progress),
  // What `npm test` has no time for, on that stack.
  nightly: () => onTestStack([() => nightlySuite(progress)], progress),
  // npm run test:vm -- [parts of the files' names] | remove
  vm: (args) => vmSuite(args, progress),
  // npm run test:faults -- [repeats | short] [parts of the cases' names]
  faults: ([repeats = "10", ...names], pace) => {
    if (repeats !== "short" && !fitForFigures(pace))
      throw new Error(`${sayPace(pace)}: no figures from it`);
    return onTestStack([() => faultSuite([repeats, ...names], progress)], progress);
  },
  // npm run test:changes -- [repeats | short] [parts of the cases' names]
  changes: ([repeats = "10", ...names]) =>
    onTestStack([() => changeSuite([repeats, ...names], progress)], progress),
  // npm run soak -- 8h [seed]
  soak: (args) => {
    const [time = "", seed = "0"] = args;
    // Before a stack is made for it.
    durationOf("soak", time);
    if (!/^\d{1,10}$/.test(seed)) throw new Error(`soak ${time} ${seed}: a seed is a whole number`);
    return onTestStack([() => soakSuite(args, progress)], progress);
  },
  // Two lists, since it is two cores that everybody has at least.
  all: async (_, pace) => {
    await ensurePackages([...UNIT_NEEDS, ...BROWSER_NEEDS], progress);
    const checks = await ensurePythonChecks(progress);
    const [units, preview] = code(pace, await ensureRuleChecks(progress));
    if (!(await sideBySide([[units, preview], [browser(pace)]], progress))) return false;
    // What no time limit depends on takes what the cluster leaves of the processors.
    const beside = sideBySide([[...text, ...tools, ...python(checks), ...ansible]], progress, true);
    const cluster = () =>
      onTestStack(
        [
          () => labSuite([], progress),
          () => changeSuite(["short"], progress),
          () => faultSuite(["short"], progress),
        ],
        progress,
      );
    const passed = await cluster().finally(() => beside);
    return (await beside) && passed;
  },
};

const progress: Progress = (text) => console.log(text);

async function main([wanted = "all", ...args]: string[]): Promise<number> {
  const suite = suites[wanted];
  if (!suite) {
    console.error(`No suite "${wanted}"; allowed: ${Object.keys(suites).join(", ")}`);
    return 2;
  }
  const start = Date.now();
  await ensureToolchain(progress);
  const pace = await measurePace();
  progress(sayPace(pace));
  const passed = await suite(args, pace);
  if (passed) progress(`All passed in ${elapsed(start)}`);
  return passed ? 0 : 1;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  },
);
