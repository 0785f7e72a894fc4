/** `npx hpc COMMAND`: what a person does with a running site beside `pulumi`. */
import { parseArgs } from "node:util";
import type { Entry, Flags } from "./command";
import { keptConnections } from "../site/connections";
import { Stack } from "../site/stack";

/** All commands; each is a file in cli/commands/. */
const commands: Record<string, Entry> = {
  status: {
    summary:
      "the site on one screen; exit code 1: redundancy is reduced, 2: a service is down, 3: unknown",
    load: async () => (await import("./commands/status.js")).status,
  },
  doctor: {
    summary:
      "what is wrong, in plain words, and the commands that mend it; exit codes as of status",
    load: async () => (await import("./commands/doctor.js")).doctor,
  },
  recover: {
    summary: "brings a crashed tier back: galera",
    usage: "TIER",
    flags: { lost: "NODE" },
    load: async () => (await import("./commands/recover.js")).recover,
  },
  restart: {
    summary: "rolling restart of all tiers, or of the named ones, without a failed request",
    usage: "[TIER]…",
    load: async () => (await import("./commands/restart.js")).restart,
  },
  switchover: {
    summary: "the other machine of a pair takes over: controllers, entry",
    usage: "PAIR",
    load: async () => (await import("./commands/switchover.js")).switchover,
  },
  scale: {
    summary:
      "a size of the web pool that holds for a time (--hold 2h) against the autoscaler; auto: its own again",
    usage: "SIZE",
    flags: { hold: "TIME" },
    load: async () => (await import("./commands/scale.js")).scale,
  },
  why: {
    summary: "what the autoscaler decided last, and why",
    usage: "[N]",
    load: async () => (await import("./commands/why.js")).why,
  },
  autoscaler: {
    summary: "its service: start, stop, pause, resume; password: of its page",
    usage: "ACTION",
    load: async () => (await import("./commands/autoscaler.js")).autoscaler,
  },
  dashboards: {
    summary: "the monitor's panels as files for a Grafana of yours",
    usage: "DIRECTORY",
    load: async () => (await import("./commands/dashboards.js")).dashboards,
  },
  "lost-jobs": {
    summary: "batch jobs that a crash of slurmctld has taken; submits them again, or lets them go",
    flags: { resubmit: "ID|all", forget: "ID", user: "NAME" },
    load: async () => (await import("./commands/lostJobs.js")).lostJobs,
  },
  "node-kit": {
    summary:
      "a program that makes machines of slurm.nodeGroups (hosts) nodes of the cluster; it has a secret",
    usage: "FILE",
    load: async () => (await import("./commands/nodeKit.js")).nodeKit,
  },
  logs: {
    summary:
      "what the machines logged, of all of them in the order of time; without --since the last hour",
    usage: "[MACHINE|TIER]",
    flags: { since: "TIME", grep: "TEXT" },
    load: async () => (await import("./commands/logs.js")).logs,
  },
  report: {
    summary:
      "how available the services were this month or another, what failed and why, what moved, how long jobs waited",
    flags: { month: "YYYY-MM" },
    load: async () => (await import("./commands/report.js")).report,
  },
  unlock: {
    summary: "who holds the site's lock, and takes it away when you say so",
    flags: { yes: "" },
    load: async () => (await import("./commands/unlock.js")).unlock,
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
  const rows = Object.entries(commands).map(([name, { usage, flags, summary }]) => {
    const own = Object.entries(flags ?? {}).map(([flag, value]) =>
      value === "" ? `[--${flag}]` : `[--${flag} ${value}]…`,
    );
    return `  ${[name, usage, ...own].join(" ").trim().padEnd(28)} ${summary}`;
  });
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
  const own = Object.assign({}, ...Object.values(commands).map(({ flags }) => flags)) as Flags;
  const special = Object.keys(own);
  const parsed = (flag: string) =>
    own[flag] === ""
      ? ({ type: "boolean" } as const)
      : ({ type: "string", multiple: true } as const);
  const { values, positionals } = parseArgs({
    args: argv,
    options: { ...options, ...Object.fromEntries(special.map((flag) => [flag, parsed(flag)])) },
    allowPositionals: true,
  });
  const [name, ...args] = positionals;
  if (values.help || name === undefined) {
    console.log(help());
    return values.help ? 0 : FAILED;
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!entry) throw new Error(`no command "${name}"\n\n${help()}`);
  const given = Object.entries(values as Record<string, unknown>).flatMap(([flag, value]) =>
    special.includes(flag) ? [[flag, value === true ? [] : (value as string[])] as const] : [],
  );
  const foreign = given.find(([flag]) => !Object.hasOwn(entry.flags ?? {}, flag));
  if (foreign) throw new Error(`${name} has no option --${foreign[0]}\n\n${help()}`);
  const words = (entry.usage ?? "").split(" ").filter((word) => word !== "");
  const allowed = words.at(-1)?.endsWith("…") ? Infinity : words.length;
  if (args.length > allowed) throw new Error(`"${args[allowed]}" is too much\n\n${help()}`);
  const progress = (text: string) => console.error(text);
  const stack =
    values.stack === undefined
      ? ((await Stack.selected(progress)) ?? new Stack("lab", progress))
      : new Stack(values.stack, progress);
  const [run, outputs] = await Promise.all([entry.load(), stack.publicOutputs()]);
  const flags = Object.fromEntries(given);
  return run({
    stack,
    outputs,
    asking: keptConnections(),
    args,
    flags,
    json: values.json,
    progress,
  });
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(`hpc: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = FAILED;
  },
);
