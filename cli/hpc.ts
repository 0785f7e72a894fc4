/** `npx hpc COMMAND`: what a person does with a running site beside `pulumi`. */
import { parseArgs } from "node:util";
import type { Entry } from "./command";
import { Stack } from "./stack";

/** All commands; each is a file in cli/commands/. */
const commands: Record<string, Entry> = {
  status: {
    summary: "the site on one screen; exit code 1: redundancy is reduced, 2: a service is down",
    load: async () => (await import("./commands/status.js")).status,
  },
  doctor: {
    summary:
      "what is wrong, in plain words, and the commands that mend it; exit codes as of status",
    load: async () => (await import("./commands/doctor.js")).doctor,
  },
};

/** Exit code when a command could not be done at all; below are the commands' own. */
const FAILED = 3;

const options = {
  stack: { type: "string" },
  json: { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

function help(): string {
  const rows = Object.entries(commands).map(
    ([name, { usage, summary }]) => `  ${[name, usage].join(" ").trim().padEnd(24)} ${summary}`,
  );
  return [
    "Usage: npx hpc COMMAND [--stack NAME] [--json]",
    "",
    ...rows,
    "",
    "  --stack NAME   default: the stack that `pulumi stack select` chose, else lab",
    "  --json         the result as JSON on stdout",
  ].join("\n");
}

async function main(argv: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true });
  const [name, ...args] = positionals;
  if (values.help || name === undefined) {
    console.log(help());
    return values.help ? 0 : FAILED;
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!entry) throw new Error(`no command "${name}"\n\n${help()}`);
  const allowed = (entry.usage ?? "").split(" ").filter((word) => word !== "").length;
  if (args.length > allowed) throw new Error(`"${args[allowed]}" is too much\n\n${help()}`);
  const progress = (text: string) => console.error(text);
  const stack =
    values.stack === undefined
      ? ((await Stack.selected(progress)) ?? new Stack("lab", progress))
      : new Stack(values.stack, progress);
  const [run, outputs] = await Promise.all([entry.load(), stack.publicOutputs()]);
  return run({ stack, outputs, args, json: values.json, progress });
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(`hpc: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = FAILED;
  },
);
