import { stages } from "./stages";

/** The suites by name; `all` is what CI and `npm test` run. */
const unit = [
  { name: "format", command: ["prettier", "--check", "."] },
  { name: "lint", command: ["eslint", "."] },
  { name: "types", command: ["tsc", "--noEmit"] },
  { name: "unit tests", command: ["vitest", "run", "test/unit"] },
];
const suites: Record<string, typeof unit> = { unit, all: unit };

const wanted = process.argv[2] ?? "all";
const suite = suites[wanted];
if (!suite) {
  console.error(`No suite "${wanted}"; allowed: ${Object.keys(suites).join(", ")}`);
  process.exit(2);
}
void stages(suite).then((ok) => process.exit(ok ? 0 : 1));
