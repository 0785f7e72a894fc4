import { rmSync } from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import execa from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startService, stopService } from "../../../autoscaler/launch";
import { DecisionLog } from "../../../autoscaler/log";
import type { Decision } from "../../../autoscaler/model";
import { placeOf } from "../../../autoscaler/place";
import { callService } from "../../../autoscaler/service/client";
import { Stack, type StackOutputs } from "../../../site/stack";
import { commandLine, processes } from "../../../lib/processes";
import { pause } from "../../../lib/wait";
import { Cluster } from "../../faults/cluster";
import { ab, type AbReport, installAb } from "../../support/ab";
import { hpc } from "../../support/hpc";
import { Load } from "../../support/load";
import { wrongWith } from "../../support/loaded";
import { pace } from "../../support/pace";
import { ask, baseConfig, baseState, configure, eventually, stack } from "../../support/site";

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
};

/** In how many updates something is killed. */
const KILLS = Number(process.env["HPC_HA_KILLS"] ?? 2);

let outputs: StackOutputs;
let load: Load | undefined;
const { decisions, directory } = placeOf(stack.name);
const service = callService(placeOf(stack.name).socket);
const decided = (since: number): Decision[] => new DecisionLog(decisions).since(since);
/** The pool as the service knows it, when no update runs. */
const settled = async (): Promise<string[] | undefined> => {
  const { pool, update } = await service.snapshot();
  return update ? undefined : pool;
};
const servers = async (haproxy: string): Promise<string[]> => {
  const question = "echo 'show stat -1 4 -1 no-maint' | socat - /run/haproxy/admin.sock";
  const { stdout } = await ask(outputs, haproxy, question);
  const up = stdout
    .split("\n")
    .filter((line) => line.startsWith("app,"))
    .flatMap((line) => /(198\.18\.2\.\d+):/.exec(line)?.[1] ?? []);
  return up.map((address) => `web${Number(address.split(".")[3]) - 20}`).sort();
};
const domains = async (): Promise<string[]> =>
  (await execa("virsh", ["-q", "-c", "lxc:///system", "list", "--all", "--name"])).stdout
    .split("\n")
    .flatMap((name) =>
      name.startsWith(`${stack.prefix}-web`) ? [name.split("-").at(-1) ?? ""] : [],
    )
    .sort();
/** Machines, HAProxy nodes and the service agree on the pool. */
async function wholePool(size: number, seconds: number): Promise<string[]> {
  let pool: string[] | undefined;
  await eventually(`a pool of ${size}`, seconds, async () => {
    pool = await settled().catch(() => undefined);
    return pool?.length === size;
  });
  const names = [...(pool ?? [])].sort();
  expect(await domains()).toEqual(names);
  await eventually("both HAProxy nodes have it", 15, async () => {
    const all = await Promise.all(["haproxy1", "haproxy2"].map(servers));
    return all.every((up) => up.join() === names.join());
  });
  return names;
}
/** Processes of the service of this stack. */
const own = (program: string): number[] =>
  processes().filter((pid) => {
    const words = commandLine(pid).split("\0");
    return words.some((word) => word.endsWith(program)) && words.join(" ").includes(program);
  });

beforeAll(async () => {
  outputs = await baseState();
  rmSync(directory, { recursive: true, force: true });
  configure({ autoscaler: SETTINGS });
  await stack.up();
  await installAb(outputs);
  await startService(stack.name, true);
  await eventually("the first look", 60, () => Promise.resolve(decided(0).length > 0));
});
afterAll(async () => {
  load?.kill();
  await stopService(stack.name);
  await baseState();
});

it("the owner's load test is noticed and answered in time, and no request fails", async () => {
  load = await Load.start(outputs, { rate: Math.ceil(40 / pace()) });
  const quiet = await load.during(5);
  expect(wrongWith(quiet)).toEqual([]);
  await wholePool(2, 30);
  const start = Date.now();
  const reports: AbReport[] = [];
  const first = () => decided(start).find((d) => d.target > d.size);
  const url = `${outputs.urls["auth_portal"]}/login`;
  while (!first() && Date.now() - start < 60_000 * pace()) reports.push(await ab(outputs, url));
  const noticed = first();
  expect(noticed).toMatchObject({ size: 2 });
  if (!noticed) return;
  await eventually("a new node serves", 120, async () =>
    (await servers("haproxy1")).some((name) => !["web1", "web2"].includes(name)),
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
  await eventually("no update runs", 120, async () => (await settled()) !== undefined);
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
  await wholePool(2, 300);
  expect(wrongWith(await load.report())).toEqual([]);
});

it("a person's size holds, and is refused where it is not allowed", async () => {
  expect(await hpc("scale", "11")).toMatchObject({ code: 3 });
  const { code, said } = await hpc("scale", "3", "--hold", "10m");
  expect([code, said]).toEqual([0, expect.stringMatching(/The pool has 3 nodes \(/)]);
  await wholePool(3, 5);
  expect((await hpc("why")).said).toMatch(/a person set 3/);
});

it.each(Array.from({ length: KILLS }, (_, i) => i + 1))(
  "service or runner killed in an update (%d): the pool ends right",
  async (n) => {
    const size = 3 + (n % 3);
    await service.order({ kind: "hold", size, until: Date.now() + 600_000 }, "test");
    const runs = async () => (await service.snapshot()).update !== undefined;
    await eventually("the update runs", 30, runs);
    // Somewhere in it.
    await pause(Math.random() * 15 * pace());
    const program = n % 2 === 0 ? "autoscaler/service/main.ts" : "autoscaler/apply/runner.ts";
    for (const pid of own(program)) process.kill(pid, "SIGKILL");
    await wholePool(size, 240);
  },
);

it("a HAProxy node that dies in a scale-out holds nobody up", async () => {
  const cluster = new Cluster(outputs);
  const holder = await cluster.holder("web");
  const other = holder === "haproxy1" ? "haproxy2" : "haproxy1";
  const start = Date.now();
  await service.order({ kind: "hold", size: 7, until: start + 600_000 }, "test");
  await eventually(
    "the update runs",
    30,
    async () => (await service.snapshot()).update !== undefined,
  );
  await cluster.killMachine(other);
  try {
    await eventually(
      "seven serve on the other one",
      240,
      async () => (await servers(holder)).length === 7,
    );
    // It is named, and what the other one says is used.
    await eventually("it is missed", 60, () =>
      Promise.resolve(decided(start).some(({ look }) => look.proxies[other] !== undefined)),
    );
  } finally {
    await cluster.startMachine(other);
    await cluster.whole();
  }
  await wholePool(7, 120);
});

it("the schedule's floor grows the pool when its time comes, and cuts nothing when it ends", async () => {
  const start = Date.now();
  const next = new Date(start + 90_000);
  const cron = `${next.getUTCMinutes()} ${next.getUTCHours()} * * *`;
  configure({
    autoscaler: {
      ...SETTINGS,
      timeZone: "UTC",
      schedule: [
        { cron: "0 0 1 1 *", floor: 2 },
        { cron, floor: 6 },
      ],
    },
  });
  await service.order({ kind: "release" }, "test");
  await stack.up();
  await wholePool(6, 240);
  expect(decided(start).find((d) => d.size < 6 && d.target === 6)?.brakes).toEqual(
    expect.arrayContaining([expect.objectContaining({ brake: "schedule", limit: 6 })]),
  );
});

it("what the service says goes to whom it is told, and an alert is told once", async () => {
  // One that first cannot be had.
  const got: string[] = [];
  let first = true;
  const receiver = http.createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      if (!first) got.push(body);
      response.writeHead(first ? 500 : 200).end();
      first = false;
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = receiver.address() as AddressInfo;
    const webhook = `http://127.0.0.1:${port}/hook`;
    configure({ autoscaler: { ...SETTINGS, staleSeconds: 20 } });
    await stack.start(
      "config",
      "set",
      "--secret",
      "--path",
      "hpc-ha:autoscaler.alerts.webhook",
      webhook,
    );
    await stack.up();
    await hpc("scale", "auto");
    await wholePool(2, 300);
    // No metrics of anybody: the pool stays, and that is an alert.
    await Promise.all(
      ["haproxy1", "haproxy2"].map((m) => ask(outputs, m, "chmod 000 /usr/bin/socat")),
    );
    await eventually("the alert", 120, () =>
      Promise.resolve(got.some((text) => text.includes("metrics"))),
    );
    expect(await settled()).toHaveLength(2);
  } finally {
    await Promise.all(
      ["haproxy1", "haproxy2"].map((m) => ask(outputs, m, "chmod 755 /usr/bin/socat")),
    );
  }
  await eventually("that it is over", 120, () =>
    Promise.resolve(got.some((text) => /resolved|over/i.test(text))),
  );
  receiver.close();
  expect(got.filter((text) => text.includes("MetricsMissing")).length).toBeLessThanOrEqual(2);
});

it("the base config's pool is the config's again when the autoscaler is off", async () => {
  await hpc("scale", "3", "--hold", "10m");
  await stopService(stack.name);
  configure({ ...baseConfig() });
  await stack.up();
  expect(await domains()).toEqual(["web1", "web2"]);
});
