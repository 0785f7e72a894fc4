/** The alert of a fault comes in its time, to a mail server and to a webhook, once, and so does its end. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { ruleGroups } from "../../../components/monitor/rules";
import { CASES } from "../../faults/cases";
import { Cluster } from "../../faults/cluster";
import { COMPUTE, type Lasting, PARTS } from "../../faults/lasting";
import { alertTimes, OVER_SECONDS } from "../../support/alertTimes";
import {
  type Expected,
  nameOf,
  notOnce,
  together,
  toldOf,
  toldOfDead,
  withoutNews,
} from "../../support/deliveries";
import { pace } from "../../support/pace";
import { seriesOf } from "../../support/prometheus";
import { baseConfig, baseState, eventually, parsed, stack } from "../../support/site";
import { ToldPeople } from "../../support/told";
import { machinesOf } from "../../../plan/outputs";

const SLOW = 900_000 * pace();
const people = new ToldPeople();
const { services, web } = parsed(baseConfig());
const rules = Object.values(
  ruleGroups({
    services: services.map(({ name }) => name),
    drainSeconds: web.drainSeconds,
    monitors: 1,
  }),
).flat();
let cluster: Cluster;

beforeAll(async () => {
  await baseState();
  await people.start(1);
  cluster = new Cluster(await stack.outputs());
}, SLOW);
afterAll(async () => {
  await people.stop();
  await baseState();
}, SLOW);

/** Nothing fires, and nothing is about to. */
const quiet = () =>
  eventually(
    "no alert",
    300,
    async () => {
      const alerts = await seriesOf(cluster.outputs, "monitor1", "ALERTS");
      const watched = alerts.some(({ metric }) => metric["alertname"] === "Watchdog");
      // What is only worth knowing is said for a while after it was.
      return watched && alerts.every(({ metric }) => metric["severity"] === "info");
    },
    5,
  );

/** When each of a fault's alerts was told, as far as that was not in its time. */
const notInTime = (begun: number, alerts: Expected[]): string[] =>
  alerts.flatMap((one) => {
    const { least, most } = alertTimes(rules, one.alert);
    const first = toldOf(people.told().hook, one, "firing")[0]?.at ?? Infinity;
    const seconds = (first - begun) / 1000;
    console.log(`    ${nameOf(one)}: told after ${Math.round(seconds)} s, at most ${most} s`);
    return seconds >= least && seconds <= most * pace()
      ? []
      : [`${nameOf(one)}: told after ${seconds} s; expected ${least} to ${most} s`];
  });

/** Faults at once, until everybody has been told of all of them; and what was wrong with that. */
async function tellsOf(faults: Lasting[]): Promise<string[]> {
  await quiet();
  people.forget();
  const expected = together(faults.flatMap(({ alerts }) => alerts));
  const most = Math.max(...expected.map(({ alert }) => alertTimes(rules, alert).most));
  const mends: (() => Promise<unknown>)[] = [];
  const begun: number[] = [];
  let dead: string[] = [];
  try {
    for (const { fault } of faults) {
      begun.push(Date.now());
      mends.push(await fault(cluster));
    }
    const all = machinesOf(cluster.outputs).map(({ name }) => name);
    const lives = await Promise.all(all.map((name) => cluster.isOn(name)));
    dead = all.filter((_, i) => lives[i] === false);
    await people.wait(expected, "firing", most);
  } finally {
    for (let mend = mends.pop(); mend; mend = mends.pop()) await mend();
  }
  await cluster.whole();
  await people.wait(expected, "resolved", OVER_SECONDS);
  const { hook, mail } = people.told();
  return [
    ...faults.flatMap(({ alerts }, i) => notInTime(begun[i] ?? NaN, alerts)),
    ...[hook, mail].flatMap((messages) => notOnce(messages, expected)),
    ...[hook, mail].flatMap(withoutNews),
    ...toldOfDead(hook, dead),
  ];
}

it(
  "programs that are down, a certificate that has ended, a disk that fills up",
  {
    timeout: SLOW,
  },
  async () => {
    expect(await tellsOf(PARTS)).toEqual([]);
  },
);

it(
  "one machine of each tier dead: of each one alert, and no other",
  {
    timeout: SLOW,
  },
  async () => {
    const killed = CASES.find(({ name }) => name === "one machine of each tier killed together");
    const { name = "", alerts = [], fault } = killed ?? {};
    if (!fault) throw new Error("the fault suite has no such case");
    expect(await tellsOf([{ name, alerts, fault }, COMPUTE])).toEqual([]);
  },
);
