/**
 * What the autoscaler takes: to notice the owner's load test, to have two more nodes serve under it, and to wait for load;
 * and what its page takes to load.
 */
import * as fs from "node:fs";
import { startService, stopService } from "../autoscaler/launch";
import { placeOf } from "../autoscaler/place";
import { readProc } from "../lib/processes";
import { type Progress, step } from "../lib/progress";
import { pause } from "../lib/wait";
import type { StackOutputs } from "../site/stack";
import { ab, type AbReport, installAb } from "../test/support/ab";
import {
  decided,
  hold,
  running,
  service,
  SERVICE,
  settled,
  updateLog,
  wholePool,
} from "../test/support/autoscaled";
import { BROWSER_NEEDS, openBrowser } from "../test/support/browser";
import { Load } from "../test/support/load";
import { keepFigures } from "../test/support/measured";
import { keepPageLoad } from "../test/support/pageLoad";
import { scaleOutPhases } from "../test/support/scaleOutPhases";
import { baseConfig, baseState, configure, eventually, stack } from "../test/support/site";
import { ensurePackages } from "../toolchain/host";

/** Scale-outs; the median counts. */
const RUNS = 3;
const [FROM, TO] = [2, 4];
/** How long the idle service is watched, s. */
const IDLE = 60;
/** Clock ticks in a second of /proc, on every Linux. */
const TICKS = 100;
/** Requests a second beside the owner's test, by which the first answer of a new node is seen. */
const RATE = 40;

/** The owner's rules and times, but for a goal that the sample portal's page can exceed (docs/autoscaler.md). */
const SETTINGS = { enabled: true, goals: { connections: 25 }, scaleIn: { connections: 8 } };

interface ScaleOut {
  /** From the load's first request to the decision, s. */
  noticed: number;
  /** From there to the first request of the last new node, s. */
  served: number;
  phases: { what: string; seconds: number }[];
  failed: number;
}

const median = (values: number[]): number =>
  [...values].sort((a, b) => a - b)[(values.length - 1) >> 1] ?? NaN;

/** CPU of the service, in shares of a core, with that of the ssh that it has started and that has ended; and its memory. */
async function idle(): Promise<{ share: number; megabytes: number }> {
  const [pid = 0] = running(SERVICE);
  const ticks = () =>
    readProc(pid, "stat")
      .split(") ")
      .at(-1)
      ?.split(" ")
      .slice(11, 15)
      .reduce((sum, field) => sum + Number(field), 0) ?? NaN;
  const before = ticks();
  await pause(IDLE);
  const share = (ticks() - before) / TICKS / IDLE;
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(pid, "status"))?.[1];
  return { share, megabytes: Number(kilobytes) / 1000 };
}

/** One scale-out by load, from a pool of `FROM` at rest. */
async function scaleOut(outputs: StackOutputs): Promise<ScaleOut> {
  const pool = await wholePool(outputs, FROM, 60);
  const load = await Load.start(outputs, { rate: RATE });
  try {
    // Just after a look: it will be as long as it can be until the next one.
    const last = decided(0).at(-1)?.at ?? 0;
    await eventually("a look", 60, () => Promise.resolve((decided(last + 1).at(-1)?.at ?? 0) > 0));
    const start = Date.now();
    const reports: AbReport[] = [];
    const bursts = new AbortController();
    const url = `${outputs.urls["auth_portal"]}/login`;
    const busy = (async () => {
      while (!bursts.signal.aborted) reports.push(await ab(outputs, url));
    })();
    // Told where it is awaited.
    busy.catch(() => undefined);
    const first = new Map<string, number>();
    try {
      await eventually(`${TO} nodes serve`, 180, async () => {
        for (const [node, { first: at }] of Object.entries((await load.report()).served)) {
          if (!pool.includes(node) && !first.has(node)) first.set(node, at);
        }
        return first.size === TO - FROM;
      });
    } finally {
      bursts.abort();
      await busy;
    }
    const decision = decided(start).find(({ size, target }) => target > size);
    if (decision?.target !== TO) throw new Error(`the first decision was ${decision?.target}`);
    const end = Math.max(...first.values());
    const moments = { decided: decision.at, served: end };
    return {
      noticed: (decision.at - start) / 1000,
      served: (end - decision.at) / 1000,
      phases: scaleOutPhases(updateLog(), moments),
      failed: reports.reduce((sum, { failed }) => sum + failed, 0),
    };
  } finally {
    load.kill();
  }
}

/** The pool is as small as before the load, at once, and then the load's again. */
async function back(outputs: StackOutputs): Promise<void> {
  await eventually("no update runs", 120, async () => (await settled()) !== undefined);
  await hold(FROM);
  await wholePool(outputs, FROM, 120);
  await service.order({ kind: "release" }, "bench");
}

function tableOf(runs: ScaleOut[], { share, megabytes }: Awaited<ReturnType<typeof idle>>): string {
  const of = (value: (run: ScaleOut) => number) => median(runs.map(value)).toFixed(1);
  const names = [...new Set(runs.flatMap(({ phases }) => phases.map(({ what }) => what)))];
  const secondsOf = (what: string) =>
    median(
      runs.flatMap(({ phases }) => phases.filter((p) => p.what === what)).map((p) => p.seconds),
    );
  const rows: [what: string, figure: string, goal: string][] = [
    [
      "the owner's load test is noticed (a look every 30 s, load begins just after one)",
      `${of(({ noticed }) => noticed)} s`,
      "< 30 s",
    ],
    [
      `${FROM} -> ${TO} under it, from the decision to the last one's first request`,
      `${of(({ served }) => served)} s`,
      "< 60 s",
    ],
    ...names.map((what): [string, string, string] => [
      `of that: ${what}`,
      `${secondsOf(what).toFixed(1)} s`,
      "",
    ]),
    ["failed requests of it", String(runs.reduce((sum, { failed }) => sum + failed, 0)), "0"],
    ["idle service: CPU, its ssh included", `${(share * 100).toFixed(2)} % of a core`, "< 1 %"],
    ["idle service: memory (RSS)", `${megabytes.toFixed(0)} MB`, "< 150 MB"],
  ];
  return [
    "| what | figure | goal |",
    "| --- | --- | --- |",
    ...rows.map((row) => `| ${row.join(" | ")} |`),
  ].join("\n");
}

/** Measures it on the suite's stack, and keeps the figures. */
export async function benchAutoscaler(progress: Progress): Promise<void> {
  await ensurePackages(BROWSER_NEEDS, progress);
  await baseState();
  const { web } = baseConfig();
  configure({ autoscaler: SETTINGS, web: { ...(web as object), max: TO } });
  await stack.up();
  const outputs = await stack.outputs();
  await installAb(outputs);
  fs.rmSync(placeOf(stack.name).directory, { recursive: true, force: true });
  try {
    await startService(stack.name, { mountsHere: true, config: {} });
    await eventually("the first look", 60, () => Promise.resolve(decided(0).length > 0));
    const quiet = await step(`idle service, ${IDLE} s`, progress, idle);
    const runs: ScaleOut[] = [];
    for (let i = 0; i < RUNS; i += 1) {
      runs.push(
        await step(`scale-out ${FROM} -> ${TO} by load`, progress, () => scaleOut(outputs)),
      );
      await step(`back to ${FROM}`, progress, () => back(outputs));
    }
    const table = tableOf(runs, quiet);
    progress(`\n${table}\n`);
    keepFigures("autoscaler", { measured: new Date().toISOString(), idle: quiet, runs }, table);
  } finally {
    await stopService(stack.name);
  }
  const browser = await openBrowser();
  await step("page load", progress, () => keepPageLoad(browser));
  await browser.close();
}
