/** Two monitors: they call nobody for nothing, and when one is dead nothing is lost and nobody is told twice. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { machinesOf } from "../../../plan/outputs";
import { pause } from "../../../lib/wait";
import type { StackOutputs } from "../../../site/stack";
import { Cluster } from "../../faults/cluster";
import { PARTS } from "../../faults/lasting";
import { alertTimes, OVER_SECONDS, PEER_SECONDS } from "../../support/alertTimes";
import { notOnce, withoutNews } from "../../support/deliveries";
import { Alarms } from "../../support/falseAlerts";
import { pace } from "../../support/pace";
import { seriesOf } from "../../support/prometheus";
import { lackedBy, logEverySecond } from "../../support/storedLines";
import { baseConfig, baseState, eventually, parsed, stack } from "../../support/site";
import { ToldPeople } from "../../support/told";
import { GROUP_INTERVAL_SECONDS } from "../../../components/monitor/alertmanager";
import { ruleGroups } from "../../../components/monitor/rules";

/** How long nothing is done, and nobody may be called, minutes. Default 10; an hour is for once in a while. */
const QUIET_MINUTES = Number(process.env["HPC_HA_QUIET_MINUTES"] ?? 10);
const SLOW = 900_000 * pace();
/** Lines come so long after a monitor is back: uploaders try again after 15 s. */
const CAUGHT_UP = 120;

const people = new ToldPeople();
const { services, web } = parsed(baseConfig());
const rules = Object.values(
  ruleGroups({
    services: services.map(({ name }) => name),
    drainSeconds: web.drainSeconds,
    monitors: 2,
  }),
).flat();
/** Longest time until both people are told of it. */
const most = (alert: string) => alertTimes(rules, alert).most + PEER_SECONDS;
let outputs: StackOutputs;
let cluster: Cluster;

beforeAll(async () => {
  await baseState();
  await people.start(2);
  outputs = await stack.outputs();
  cluster = new Cluster(outputs);
}, SLOW);
afterAll(async () => {
  await people.stop();
  await baseState();
}, SLOW);

/** Both Alertmanagers hear each other, as this monitor sees them. */
const agreed = (monitor: string) =>
  eventually(
    "both Alertmanagers hear each other",
    120,
    async () => {
      const all = await seriesOf(outputs, monitor, "alertmanager_cluster_members == 2");
      return all.length === 2;
    },
    2,
  );

it(
  "a quiet stretch has no alert, on neither of them",
  { timeout: SLOW + QUIET_MINUTES * 60_000 },
  async () => {
    for (const monitor of ["monitor1", "monitor2"]) await agreed(monitor);
    people.forget();
    const alarms = Alarms.of(outputs);
    await pause(QUIET_MINUTES * 60);
    expect(await alarms?.wrong([], ["critical", "warning"])).toEqual([]);
    const told = people.told();
    expect([told.hook, told.mail].map((messages) => messages.length)).toEqual([0, 0]);
  },
);

it("both alive, a fault is told once", { timeout: SLOW }, async () => {
  const [redis] = PARTS;
  if (!redis) throw new Error("no faults");
  people.forget();
  const mend = await redis.fault(cluster);
  try {
    const seconds = Math.max(...redis.alerts.map(({ alert }) => most(alert)));
    await people.wait(redis.alerts, "firing", seconds);
  } finally {
    await mend();
  }
  await people.wait(redis.alerts, "resolved", OVER_SECONDS + PEER_SECONDS);
  // The one that did not tell would do so now.
  await pause(GROUP_INTERVAL_SECONDS + PEER_SECONDS);
  const { hook, mail } = people.told();
  expect([hook, mail].flatMap((m) => [...notOnce(m, redis.alerts), ...withoutNews(m)])).toEqual([]);
});

it("one dead and back: each alert once, every line, every look", { timeout: SLOW }, async () => {
  const slurmdbd = PARTS.find(({ name }) => name.startsWith("slurmdbd"));
  if (!slurmdbd) throw new Error("no such fault");
  const down = { alert: "MachineDown", of: ["monitor1"], series: 1 };
  const expected = [down, ...slurmdbd.alerts];
  const machines = machinesOf(outputs).map(({ name }) => name);
  const others = machines.filter((name) => name !== "monitor1");
  people.forget();
  const begin = Date.now();
  const lines = 60;
  const word = `dead${begin.toString(36)}`;
  await cluster.killMachine("monitor1");
  let mend: (() => Promise<unknown>) | undefined;
  try {
    mend = await slurmdbd.fault(cluster);
    await logEverySecond(outputs, others, word, lines);
    await people.wait(expected, "firing", Math.max(...expected.map(({ alert }) => most(alert))));
    // The living one has every line, and nobody waited for the other.
    expect(await lackedBy(outputs, "monitor2", word, others, lines)).toEqual([]);
  } finally {
    await cluster.startMachine("monitor1");
    try {
      // The alert is still there when it is back: it must not tell of it anew.
      await agreed("monitor2");
      await pause(GROUP_INTERVAL_SECONDS + PEER_SECONDS);
    } finally {
      await mend?.();
    }
  }
  await cluster.whole();
  await people.wait(expected, "resolved", OVER_SECONDS + PEER_SECONDS);
  await pause(2 * GROUP_INTERVAL_SECONDS + PEER_SECONDS);
  const { hook, mail } = people.told();
  expect([hook, mail].flatMap((m) => [...notOnce(m, expected), ...withoutNews(m)])).toEqual([]);
  let lacks: string[] = [];
  await eventually(
    "the lines on the one that was dead",
    CAUGHT_UP,
    async () => (lacks = await lackedBy(outputs, "monitor1", word, others, lines)).length === 0,
    5,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${lacks.join("; ")}`);
  });
  // The living one looked all the time: of a machine that was there, no look fails or is missing.
  const seconds = Math.floor((Date.now() - begin) / 1000);
  const looks = `count_over_time(up{job="node", instance="redis1"}[${seconds}s]) * 15 / ${seconds}`;
  const [share] = await seriesOf(outputs, "monitor2", looks);
  expect(Number(share?.value[1])).toBeGreaterThan(0.9);
});
