import { faultSuite } from "../test/faults/suite";
import { labSuite, onTestStack } from "../test/support/suite";
import { vmSuite } from "../test/vm/suite";
import { type Progress, elapsed } from "../lib/progress";
import { ensureToolchain } from "../toolchain/setup";
import { type Stage, stages } from "./stages";

const unit: Stage[] = [
  { name: "format", command: ["prettier", "--check", "."] },
  { name: "lint", command: ["eslint", "."] },
  { name: "types", command: ["tsc", "--noEmit"] },
  { name: "unit tests", command: ["vitest", "run", "test/unit", "test/policy"] },
  { name: "offline preview", command: ["vitest", "run", "test/preview"] },
];
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
/** The suites by name, with what follows the name; `all` is what CI and `npm test` run. */
const suites: Record<string, (args: string[]) => Promise<boolean>> = {
  unit: () => stages(unit, progress),
  lab: (files) => onTestStack([() => labSuite(files, progress)], progress),
  // npm run test:vm -- [parts of the files' names] | remove
  vm: (args) => vmSuite(args, progress),
  // npm run test:faults -- [repeats] [parts of the cases' names]
  faults: ([repeats = "10", ...names]) =>
    onTestStack(
      [() => faultSuite({ repeats: Number(repeats), names, short: false }, progress)],
      progress,
    ),
  all: async () =>
    (await stages([...unit, ...ansible, ...tools], progress)) &&
    (await onTestStack(
      [
        () => labSuite([], progress),
        () => faultSuite({ repeats: 1, names: [], short: true }, progress),
      ],
      progress,
    )),
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
  const passed = await suite(args);
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
