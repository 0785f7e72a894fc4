/**
 * `bench.ts [site] [autoscaler] [monitor]` times what people wait for, on a stack of its own: from nothing to all healthy, no change, scaling. Beside each, in
 * the same run, what it is to be judged by: the floor (machines started by virsh, services by a shell script) and
 * what an administrator would do instead of a scale-out (all playbooks on all machines). The autoscaler's figures: autoscalerBench.ts; what it costs to be watched: monitorBench.ts.
 */
import execa from "execa";
import { Load } from "../test/support/load";
import { keepFigures } from "../test/support/measured";
import { playbookRequests, runAgain } from "../test/support/playbooks";
import { fitForFigures, measurePace, sayPace } from "../test/support/pace";
import { configure, eventually, on, scale, stack } from "../test/support/site";
import { removedAfterwards } from "../test/support/suite";
import { type Progress, step } from "../lib/progress";
import { projectRoot } from "../lib/project";
import { machineHealth } from "../site/health";
import { type TierName, tiers } from "../components/tiers";
import { benchAutoscaler } from "./autoscalerBench";
import { benchMonitor } from "./monitorBench";
import { ensureToolchain } from "../toolchain/setup";
import type { StackOutputs } from "../site/stack";

const progress: Progress = (text) => console.log(text);
/** How often each of the short measurements is made; the median counts. */
const REPEATS = 3;

interface Figure {
  what: string;
  seconds: number;
  /** What it is compared with, and how. */
  goal?: string;
}
const figures: Figure[] = [];

async function measure(what: string, work: () => Promise<unknown>): Promise<number> {
  const start = Date.now();
  await step(what, progress, work);
  return (Date.now() - start) / 1000;
}

const median = (values: number[]) => values.sort((a, b) => a - b)[(values.length - 1) >> 1] ?? 0;

/** All units run, and each of the eight services answers through the web VIP. */
async function allHealthy(outputs: StackOutputs): Promise<void> {
  const urls = Object.entries(outputs.urls).map(([name, url]) =>
    name === "auth_portal" ? `${url}/login` : url,
  );
  const ask = `for url in ${urls.join(" ")}; do curl -sfko /dev/null -m 2 "$url" || exit 1; done; scontrol ping`;
  await eventually("all healthy", 240, async () => {
    const machines = await machineHealth(outputs);
    if (machines.some((m) => m.health !== "ok")) return false;
    return !(await on(outputs, "client", ask, { reject: false })).failed;
  });
}

/** From the start of the command until the last of the new nodes answers its first request, s. */
async function scaleOut(outputs: StackOutputs, from: number, to: number): Promise<number> {
  const load = await Load.start(outputs);
  try {
    const start = Date.now();
    await step(`scale-out ${from} -> ${to}`, progress, () => scale(to));
    const expected = Array.from({ length: to - from }, (_, i) => `web${from + i + 1}`);
    const first = new Map<string, number>();
    await eventually("the new nodes serve", 30, async () => {
      const { served } = await load.report();
      for (const node of expected) {
        const at = served[node]?.first;
        if (at !== undefined && !first.has(node)) first.set(node, at);
      }
      return first.size === expected.length;
    });
    await load.stop();
    return (Math.max(...first.values()) - start) / 1000;
  } finally {
    load.kill();
  }
}

/** The same machines started by virsh, and their services by a shell script. */
async function floor(outputs: StackOutputs): Promise<number> {
  const virsh = (...args: string[]) => execa("virsh", ["-q", "-c", "lxc:///system", ...args]);
  const { stdout } = await virsh("list", "--name");
  const domains = stdout.split("\n").filter((name) => name.startsWith(`${stack.prefix}-`));
  const names = (tier: TierName) => Object.keys(outputs.addresses[tier] ?? {});
  const units = (tier: TierName) => tiers[tier].units(outputs).join(" ");
  const [first = "", ...others] = names("galera");
  // In order: the first one is the one that has everything.
  for (const name of [...others].reverse()) await on(outputs, name, "systemctl stop mariadb");
  await on(outputs, first, "systemctl stop mariadb");
  // Nothing starts by itself: the script is to do it.
  await Promise.all(
    Object.keys(tiers).flatMap((tier) =>
      names(tier as TierName).map((name) => {
        const off = `systemctl disable ${units(tier as TierName)} 2>/dev/null; systemctl poweroff`;
        return on(outputs, name, off, { reject: false });
      }),
    ),
  );
  await eventually("all machines are off", 60, async () => {
    const running = (await virsh("list", "--name")).stdout.split("\n");
    return domains.every((d) => !running.includes(d));
  });
  const start = async () => {
    for (const domain of domains) await virsh("start", domain);
    const run = async (machines: string[], command: string) =>
      Promise.all(
        machines.map((m) =>
          eventually(m, 60, async () => !(await on(outputs, m, command, { reject: false })).failed),
        ),
      );
    const tier = (name: TierName) => run(names(name), `systemctl start ${units(name)}`);
    const alone = (["redis", "entry", "web", "login"] satisfies TierName[]).map(tier);
    await Promise.all([
      ...alone,
      run([first], `galera_new_cluster && systemctl start ${units("galera")}`).then(async () => {
        await run(others, `systemctl start ${units("galera")}`);
        await tier("controllers");
        await tier("compute");
      }),
    ]);
    await allHealthy(outputs);
  };
  return measure("floor: the same machines by virsh and a shell script", start);
}

/** As an administrator runs playbooks who has Ansible and nothing else. */
async function withoutMitogen(work: () => Promise<void>): Promise<void> {
  const plugins = process.env["HPC_HA_MITOGEN"];
  delete process.env["HPC_HA_MITOGEN"];
  try {
    await work();
  } finally {
    if (plugins !== undefined) process.env["HPC_HA_MITOGEN"] = plugins;
  }
}

async function benchSite(): Promise<void> {
  const tools: number[] = [];
  for (let i = 0; i < REPEATS; i += 1) {
    tools.push(
      await measure("tools, when they are there", () =>
        execa("toolchain/bootstrap.sh", ["toolchain/setup.ts"], { cwd: projectRoot }),
      ),
    );
  }
  figures.push({ what: "tools' second run", seconds: median(tools), goal: "< 2 s" });

  configure();
  await stack.ensure();
  const nothing = await measure("pulumi up from nothing to all healthy", async () => {
    await stack.run("up");
    await allHealthy(await stack.outputs());
  });
  const outputs = await stack.outputs();

  const noop: number[] = [];
  for (let i = 0; i < REPEATS; i += 1) {
    noop.push(await measure("pulumi up without a change", () => stack.run("up")));
  }
  figures.push({ what: "`pulumi up`, no change", seconds: median(noop), goal: "< 15 s" });

  const three: number[] = [];
  const six: number[] = [];
  const scaleIn: number[] = [];
  const instead: number[] = [];
  for (let i = 0; i < REPEATS; i += 1) {
    three.push(await scaleOut(outputs, 2, 3));
    const requests = await playbookRequests();
    instead.push(
      await measure("instead: all playbooks on all machines", () =>
        withoutMitogen(async () => {
          for (const request of requests) await runAgain(request);
        }),
      ),
    );
    scaleIn.push(await measure("scale-in 3 -> 2", () => scale(2)));
    six.push(await scaleOut(outputs, 2, 6));
    await step("scale-in 6 -> 2", progress, () => scale(2));
  }
  const out = median(three);
  const floorSeconds = await floor(outputs);
  const ratio = (n: number) => n.toFixed(2);
  figures.push(
    {
      what: "`pulumi up` from nothing to all healthy",
      seconds: nothing,
      goal: `< 300 s; <= 3 x floor (is ${ratio(nothing / floorSeconds)})`,
    },
    { what: "floor: virsh and a shell script, configured disks", seconds: floorSeconds },
    { what: "scale-out 2 -> 3, to the first request", seconds: out, goal: "< 45 s" },
    {
      what: "instead: all playbooks on all machines, plain Ansible, nothing to change",
      seconds: median(instead),
      goal: `>= 4 x scale-out (is ${ratio(median(instead) / out)})`,
    },
    {
      what: "scale-out 2 -> 6, to the last one's first request",
      seconds: median(six),
      goal: `<= 1.5 x 2 -> 3 (is ${ratio(median(six) / out)})`,
    },
    { what: "scale-in 3 -> 2, nothing to drain", seconds: median(scaleIn) },
  );
  const rows = figures.map((f) => `| ${f.what} | ${f.seconds.toFixed(1)} | ${f.goal ?? ""} |`);
  const table = ["| what | s | goal |", "| --- | --- | --- |", ...rows].join("\n");
  progress(`\n${table}\n`);
  keepFigures("bench", { measured: new Date().toISOString(), figures }, table);
}

/** What can be measured, by the words that choose it. */
const PARTS: Record<string, () => Promise<void>> = {
  site: benchSite,
  autoscaler: () => benchAutoscaler(progress),
  monitor: () => benchMonitor(progress),
};

/** @param words parts that are measured. Default: all */
async function main(words: string[]): Promise<boolean> {
  const unknown = words.filter((word) => !Object.hasOwn(PARTS, word));
  if (unknown.length > 0) {
    throw new Error(`no part ${unknown.join(", ")}; allowed: ${Object.keys(PARTS).join(", ")}`);
  }
  await ensureToolchain(progress);
  const pace = await measurePace();
  if (!fitForFigures(pace)) throw new Error(`${sayPace(pace)}: no figures from it`);
  const chosen = words.length > 0 ? words : Object.keys(PARTS);
  const done = await removedAfterwards(async () => {
    for (const word of chosen) await PARTS[word]?.();
    return true;
  }, progress);
  if (done) progress("Kept in docs/measured.md, and as JSON beside it");
  return done;
}

main(process.argv.slice(2)).then(
  (done) => process.exit(done ? 0 : 1),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  },
);
