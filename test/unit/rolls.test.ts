import { describe, expect, it } from "vitest";
import { rollsOf } from "../../components/rolls";
import type { SiteOutputs } from "../../plan/outputs";
import type { Roll, RunningSite } from "../../rollout/roll";

const outputs = {
  addresses: {
    galera: { galera1: "10.0.0.141" },
    redis: { redis1: "10.0.0.131" },
    entry: { haproxy1: "10.0.0.151", haproxy2: "10.0.0.152" },
    web: { web1: "10.0.0.221" },
  },
  vips: { slurm: "10.0.0.100", web: "10.0.0.101", data: "10.0.0.102" },
  services: {
    app: { port: 8000, healthPath: "/health" },
    api: { port: 8001, healthPath: "/api/ok" },
  },
  webPool: { size: 1, min: 1, max: 1, drainSeconds: 7 },
} as unknown as SiteOutputs;

/** Machines that do what they are told; keeps each command with its time limit, s. */
const fake = (failoverPatience: number) => {
  const sent: { machine: string; command: string; seconds: number | undefined }[] = [];
  const run = (machine: string, command: string, seconds?: number) => {
    sent.push({ machine, command, seconds });
    return Promise.resolve("");
  };
  const names = (tier: string) => Object.keys(outputs.addresses[tier] ?? {});
  const machines = { names, run, ask: run } as unknown as RunningSite["machines"];
  const site = {
    outputs: { ...outputs, failoverPatience },
    machines,
    progress: () => undefined,
  };
  const rolls = rollsOf(site);
  const roll = (tier: string): Roll => {
    const found = rolls[tier];
    if (!found) throw new Error(`no roll of ${tier}`);
    return found;
  };
  return { roll, sent };
};

describe("time limits with a failover in them grow with the site's patience", () => {
  it.each([1, 8])("a factor of %d", async (factor) => {
    const { roll, sent } = fake(factor);
    await roll("redis").relieve?.("redis1");
    await roll("entry").relieve?.("haproxy1");
    await roll("galera").restart("galera1");
    const [redis, entry, galera] = sent;
    expect(redis?.command).toContain(`client pause ${10_000 * factor} write`);
    expect(redis?.command).toContain(`seq ${100 * factor})`);
    expect(redis?.seconds).toBe(60 + 10 * factor);
    expect(entry).toMatchObject({ command: "haproxy-handover", seconds: 60 * factor });
    expect(galera?.command).toContain(`galera-check wait ${300 * factor}`);
    expect(galera?.seconds).toBe(100 + 300 * factor);
  });
});

it("a web node's services are asked from an entry node by the ports and health paths of the site", async () => {
  const { roll, sent } = fake(1);
  await roll("web").restart("web1");
  expect(sent[0]).toMatchObject({ machine: "web1", command: "systemctl restart 'hpc-web@*'" });
  expect(sent[1]?.machine).toBe("haproxy1");
  expect(sent[1]?.command).toContain(
    "for url in 'http://10.0.0.221:8000/health' 'http://10.0.0.221:8001/api/ok'; do",
  );
});

it("a database node is out of rotation on all entry nodes while it is changed", async () => {
  const { roll, sent } = fake(1);
  await roll("galera").takeOut?.("galera1");
  await roll("galera").takeBack?.("galera1");
  expect(sent.map((s) => `${s.machine} ${/state \w+/.exec(s.command)?.[0]}`)).toEqual([
    "haproxy1 state maint",
    "haproxy2 state maint",
    "haproxy1 state ready",
    "haproxy2 state ready",
  ]);
});
