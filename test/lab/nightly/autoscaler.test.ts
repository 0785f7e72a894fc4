import { rmSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startService, stopService } from "../../../autoscaler/launch";
import { placeOf } from "../../../autoscaler/place";
import { Stack, type StackOutputs } from "../../../site/stack";
import { liveLock } from "../../../site/stack/locks";
import { Cluster } from "../../faults/cluster";
import { ab, type AbReport, installAb } from "../../support/ab";
import {
  configureAutoscaler,
  decided,
  domains,
  hold,
  inTheUpdate,
  kill,
  losePower,
  mute,
  RUNNER,
  SERVICE,
  servers,
  service,
  settled,
  unmute,
  updateRuns,
  wholePool,
} from "../../support/autoscaled";
import { hpc } from "../../support/hpc";
import { Load } from "../../support/load";
import { wrongWith } from "../../support/loaded";
import { pace } from "../../support/pace";
import { Receiver } from "../../support/receiver";
import { baseConfig, baseState, configure, eventually, on, stack } from "../../support/site";

/**
 * The owner's rules with other figures: the sample portal's page costs nothing, so that 1000 who ask for it at once are
 * never more than 50 to 140 at a node (seen), and a test does not wait for five minutes.
 */
const SETTINGS = {
  enabled: true,
  everySeconds: 10,
  goals: { connections: 25 },
  scaleIn: { connections: 8, windowSeconds: 30, perSeconds: 20, nodes: 3 },
  cooldownSeconds: 5,
  // Three looks, as by default.
  staleSeconds: 30,
};

/** In how many updates something is killed. */
const KILLS = Number(process.env["HPC_HA_KILLS"] ?? 2);

let outputs: StackOutputs;
let load: Load | undefined;
const receiver = new Receiver();
const configured = (more: object = {}) =>
  configureAutoscaler({ ...SETTINGS, ...more }, receiver.url);
const whole = (size: number, seconds: number) => wholePool(outputs, size, seconds);
const idle = () => eventually("no update runs", 120, async () => (await settled()) !== undefined);

beforeAll(async () => {
  outputs = await baseState();
  rmSync(placeOf(stack.name).directory, { recursive: true, force: true });
  await receiver.start();
  await configured();
  await stack.up();
  await installAb(outputs);
  await startService(stack.name, { mountsHere: true, config: {} });
  await eventually("the first look", 60, () => Promise.resolve(decided(0).length > 0));
});
afterAll(async () => {
  load?.kill();
  receiver.stop();
  await stopService(stack.name);
  await unmute(outputs);
  await baseState();
});

it("the owner's load test is noticed and answered in time, and no request fails", async () => {
  load = await Load.start(outputs, { rate: Math.ceil(40 / pace()) });
  const quiet = await load.during(5);
  expect(wrongWith(quiet)).toEqual([]);
  await whole(2, 30);
  const start = Date.now();
  const reports: AbReport[] = [];
  const first = () => decided(start).find((d) => d.target > d.size);
  const url = `${outputs.urls["auth_portal"]}/login`;
  while (!first() && Date.now() - start < 60_000 * pace()) reports.push(await ab(outputs, url));
  const noticed = first();
  expect(noticed).toMatchObject({ size: 2 });
  if (!noticed) return;
  await eventually("a new node serves", 120, async () =>
    (await servers(outputs, "haproxy1")).some((name) => !["web1", "web2"].includes(name)),
  );
  const [seen, served] = [(noticed.at - start) / 1000, (Date.now() - noticed.at) / 1000];
  console.log(
    `  noticed after ${seen.toFixed(1)} s, a new node served ${served.toFixed(1)} s later`,
  );
  console.log(`  ab: ${reports.map((r) => `${r.seconds.toFixed(1)} s`).join(", ")}`);
  // The owner's figures.
  expect(seen).toBeLessThan(30 * pace());
  expect(served).toBeLessThan(120 * pace());
  expect(reports.map((r) => r.failed)).toEqual(reports.map(() => 0));
  expect(wrongWith(await load.report(), { quiet })).toEqual([]);
});

it("a person's up keeps the size, and says why; it meets no update in the middle", async () => {
  await idle();
  await hpc("autoscaler", "pause");
  const pool = (await settled()) ?? [];
  expect(pool.length).toBeGreaterThan(2);
  const said: string[] = [];
  await new Stack(stack.name, (line) => said.push(line)).up();
  expect(said.join("\n")).toMatch(
    new RegExp(`web pool: ${pool.length} \\(.*the autoscaler owns its size, and webReplicas = 2`),
  );
  expect(await domains()).toEqual([...pool].sort());
  await hpc("autoscaler", "resume");
});

it("when the load is gone the pool shrinks again, and no request fails", async () => {
  if (!load) throw new Error("no load");
  await load.report();
  await whole(2, 300);
  expect(wrongWith(await load.report())).toEqual([]);
});

it("a person's size holds, and is refused where it is not allowed", async () => {
  expect(await hpc("scale", "11")).toMatchObject({ code: 3 });
  const { code, said } = await hpc("scale", "3", "--hold", "10m");
  expect([code, said]).toEqual([0, expect.stringMatching(/The pool has 3 nodes \(/)]);
  await whole(3, 5);
  expect((await hpc("why")).said).toMatch(/a person set 3/);
});

it("a person's up at the same time as an update: whoever comes second waits or is told, both end right", async () => {
  const locked = () => liveLock(stack.name) !== undefined;
  // The update is first.
  await hold(5);
  await updateRuns();
  await eventually("it has the site", 60, () => Promise.resolve(locked()));
  const said: string[] = [];
  const person = () => new Stack(stack.name, (line) => said.push(line));
  await expect(person().run("up")).rejects.toThrow("failed");
  expect(said.join("\n")).toMatch(/locked/);
  await whole(5, 240);
  // The person is first. The service is told while they have the site, and takes it from nobody.
  const theirs = person().up("--refresh");
  let theirEnd = 0;
  const over = theirs.then(() => (theirEnd = Date.now()));
  // Told where it is awaited.
  over.catch(() => undefined);
  await eventually("the person has the site", 60, () => Promise.resolve(locked()));
  const ordered = Date.now();
  await hold(3);
  await over;
  await whole(3, 240);
  const waited = decided(ordered).some((d) => d.at > theirEnd && d.size === 5);
  console.log(`  the update ${waited ? "waited" : "met the person's last seconds only"}`);
});

it.each(Array.from({ length: KILLS }, (_, i) => i + 1))(
  "service or runner killed in an update (%d): the pool ends right",
  async (n) => {
    const size = 3 + (n % 3);
    await hold(size);
    await inTheUpdate();
    kill(n % 2 === 0 ? SERVICE : RUNNER);
    await whole(size, 240);
  },
);

it("a HAProxy node that dies in a scale-out holds nobody up", async () => {
  // Who is in the pool by now, the base state's outputs do not know.
  const cluster = new Cluster(await stack.outputs());
  const holder = await cluster.holder("web");
  const other = holder === "haproxy1" ? "haproxy2" : "haproxy1";
  const start = Date.now();
  await hold(6);
  await updateRuns();
  await cluster.killMachine(other);
  try {
    await eventually(
      "six serve on the other one",
      240,
      async () => (await servers(outputs, holder)).length === 6,
    );
    // It is named, and what the other one says is used.
    await eventually("it is missed", 60, () =>
      Promise.resolve(decided(start).some(({ look }) => look.proxies[other] !== undefined)),
    );
  } finally {
    await cluster.startMachine(other);
  }
  await whole(6, 120);
  await new Cluster(await stack.outputs()).whole();
});

it("the management machine loses power in an update: what was asked of it is done after its start", async () => {
  await hold(3);
  await inTheUpdate();
  await losePower();
  // What its unit does at a boot, and `npm run lab` where there is none.
  await startService(stack.name, { mountsHere: true, config: {} });
  await whole(3, 240);
  // A person's word has survived it.
  expect((await service.snapshot()).memory.hold).toMatchObject({ size: 3, by: "test" });
});

it("the schedule's floor grows the pool when its time comes, and not before", async () => {
  // Nothing of its own is in the way of a person's update.
  await service.order({ kind: "pause" }, "test");
  await idle();
  const start = Date.now();
  // A full minute, and until then there is time for that update.
  const time = Math.ceil((start + 45_000 * pace()) / 60_000) * 60_000;
  const next = new Date(time);
  await configured({
    timeZone: "UTC",
    schedule: [
      { cron: "0 0 1 1 *", floor: 2 },
      { cron: `${next.getUTCMinutes()} ${next.getUTCHours()} * * *`, floor: 5 },
    ],
  });
  await stack.up();
  await service.order({ kind: "release" }, "test");
  await service.order({ kind: "resume" }, "test");
  await whole(5, 200);
  const grown = decided(start).filter((d) => d.target > d.size);
  expect(grown[0]).toMatchObject({ target: 5 });
  expect(grown[0]?.at).toBeGreaterThanOrEqual(time);
  expect(grown[0]?.brakes).toEqual(
    expect.arrayContaining([expect.objectContaining({ brake: "schedule", limit: 5 })]),
  );
});

/** From here on five web nodes are three too many, and nothing but what is missing keeps them. */
const kept = async (looks: number, missing: (what: string[]) => boolean): Promise<void> => {
  const start = Date.now();
  const seen = () =>
    decided(start).filter(({ brakes }) =>
      brakes.some((b) => b.brake === "metrics" && missing(b.missing)),
    );
  await eventually("so many looks without it", 120 + looks * SETTINGS.everySeconds, () =>
    Promise.resolve(seen().length >= looks),
  );
  expect(decided(start).map(({ size, target }) => [size, target])).toEqual(
    decided(start).map(() => [5, 5]),
  );
};

it("metrics of one HAProxy node missing: the other one's are used, which is said; nothing shrinks", async () => {
  await service.order({ kind: "pause" }, "test");
  await idle();
  await configured();
  await stack.up();
  await mute(outputs, "haproxy1");
  const start = Date.now();
  await eventually("that is seen", 60, () =>
    Promise.resolve(decided(start).some(({ look }) => look.proxies["haproxy1"] !== undefined)),
  );
  await service.order({ kind: "resume" }, "test");
  // Longer than the scale-in window.
  await kept(5, (what) => what.some((text) => text.startsWith("haproxy1: ")));
  const last = decided(start).at(-1);
  expect(last?.look.proxies).toMatchObject({ haproxy1: expect.any(String) as string });
  expect(last?.look.proxies["haproxy2"]).toBeUndefined();
  // The other one's say that fewer were enough, and no schedule says otherwise.
  expect(last?.votes.find(({ rule }) => rule === "connections")?.wanted).toBeLessThan(5);
  expect(last?.votes.map(({ rule }) => rule)).not.toContain("schedule");
  expect((await hpc("why")).said).toMatch(/metrics are missing: haproxy1: /);
});

it("of both: the size stays, and people are told, also those who could not be reached at first", async () => {
  receiver.stop();
  receiver.got.length = 0;
  await mute(outputs, "haproxy1", "haproxy2");
  await kept(2, (what) => what.includes("statistics of HAProxy"));
  await eventually("the alert", 60, async () =>
    (await service.snapshot()).alerts.some(({ name }) => name === "MetricsMissing"),
  );
  // It is down, and then not well.
  expect(receiver.got).toEqual([]);
  await receiver.start(500);
  await eventually("the alert arrives", 120, () =>
    Promise.resolve(receiver.got.some((text) => text.includes("MetricsMissing"))),
  );
});

it("of one web node: nothing shrinks either, and that is the same alert", async () => {
  const now = await stack.outputs();
  const [node = ""] = Object.keys(now.addresses["web"] ?? {});
  await on(now, node, "systemctl stop prometheus-node-exporter");
  try {
    // There is no moment at which nothing is missing.
    await eventually("its CPU is out of date", 90, async () => {
      const { decision } = await service.snapshot();
      const at = decision?.look.cpu[node]?.at ?? 0;
      return Date.now() - at > (SETTINGS.staleSeconds + SETTINGS.everySeconds) * 1000;
    });
    await unmute(outputs);
    // Longer than the scale-in window.
    await kept(5, (what) => what.length === 1 && what[0] === `CPU of ${node}`);
    expect((await hpc("why")).said).toContain(`metrics are missing: CPU of ${node}`);
  } finally {
    await on(now, node, "systemctl start prometheus-node-exporter");
  }
});

it("with all metrics again the pool shrinks, and people are told that it is over, all of it once", async () => {
  await whole(2, 300);
  await eventually("that it is over", 120, () =>
    Promise.resolve(receiver.got.some((text) => /resolved: MetricsMissing/.test(text))),
  );
  // Once that it is so, and once that it is over.
  expect(receiver.got.filter((text) => text.includes("MetricsMissing"))).toHaveLength(2);
});

it("the base config's pool is the config's again when the autoscaler is off", async () => {
  await hpc("scale", "3", "--hold", "10m");
  await stopService(stack.name);
  configure({ ...baseConfig() });
  await stack.up();
  expect(await domains()).toEqual(["web1", "web2"]);
});
