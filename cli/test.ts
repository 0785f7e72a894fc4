import { type Progress, elapsed } from "../toolchain/progress";
import { ensureToolchain } from "../toolchain/setup";
import { type Stage, stages } from "./stages";

/** The suites by name; `all` is what CI and `npm test` run. */
const unit: Stage[] = [
  { name: "format", command: ["prettier", "--check", "."] },
  { name: "lint", command: ["eslint", "."] },
  { name: "types", command: ["tsc", "--noEmit"] },
  { name: "unit tests", command: ["vitest", "run", "test/unit"] },
];
const tools: Stage[] = [
  {
    name: "toolchain tests",
    command: ["go", "test", "-trimpath", "./..."],
    cwd: "toolchain/go",
    env: { CGO_ENABLED: "0" },
  },
];
const suites: Record<string, Stage[]> = { unit, all: [...unit, ...tools] };

const progress: Progress = (text) => console.log(text);

async function main(wanted: string): Promise<number> {
  const suite = suites[wanted];
  if (!suite) {
    console.error(`No suite "${wanted}"; allowed: ${Object.keys(suites).join(", ")}`);
    return 2;
  }
  const start = Date.now();
  await ensureToolchain(progress);
  const passed = await stages(suite, progress);
  if (passed) progress(`All passed in ${elapsed(start)}`);
  return passed ? 0 : 1;
}

main(process.argv[2] ?? "all").then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  },
);
