import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { rollsOf } from "../../components/rolls";
import { RemoteFailure } from "../../lib/machines";
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
    await roll("galera").fit?.("galera1");
    const [redis, entry, galera] = sent;
    expect(redis?.command).toContain(`client pause ${10_000 * factor} write`);
    expect(redis?.command).toContain(`seq ${100 * factor})`);
    expect(redis?.seconds).toBe(60 + 10 * factor);
    expect(entry).toMatchObject({ command: "haproxy-handover", seconds: 60 * factor });
    expect(galera?.command).toContain(`galera-check wait ${300 * factor}`);
    expect(galera?.seconds).toBe(20 + 300 * factor);
  });
});

describe("a web node is fit when its services answer an entry node as HAProxy wants it", () => {
  let server: Server;
  let port: number;
  const asked: string[] = [];
  /** Answers as a service that knows only its own host and says that it is well without words. */
  beforeAll(async () => {
    server = createServer(({ headers, url }, response) => {
      asked.push(`${headers.host} ${url}`);
      response.writeHead(headers.host === "portal.example.org" ? 204 : 400).end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => server.close());
  beforeEach(() => asked.splice(0));

  /** Fails where it does not become fit; machines run what they are told here, and wait for nothing. */
  const fit = (services: SiteOutputs["services"], unit = "") => {
    const run = async (machine: string, command: string) => {
      if (machine !== "haproxy1") return unit;
      const args = ["-c", command.replace("SECONDS + 60", "SECONDS + 0")];
      return (await promisify(execFile)("bash", args)).stdout;
    };
    const ask = (machine: string, command: string) =>
      command.startsWith("ip ")
        ? Promise.resolve(machine === "haproxy1" ? "2: eth0 inet 10.0.0.101/24" : "")
        : run(machine, command);
    const names = (tier: string) => (tier === "entry" ? ["haproxy2", "haproxy1"] : ["web1"]);
    const site = {
      outputs: {
        ...outputs,
        addresses: { web: { web1: "127.0.0.1" } },
        services,
        failoverPatience: 1,
      },
      machines: { names, run, ask },
      progress: () => undefined,
    } as unknown as RunningSite;
    return rollsOf(site)["web"]?.fit?.("web1");
  };
  /** The same of the entry, where HAProxy has the node up, and after the question. */
  const objections = (services: SiteOutputs["services"], after = "UP") => {
    const states = ["UP", after];
    const stat = () =>
      [
        "# pxname,svname,status,addr,scur,qcur",
        ...Object.keys(services).map((s) => `${s},slot1,${states[0]},127.0.0.1:${port},0,0`),
        "galera,galera1,UP,10.0.0.141:3306,0,0",
      ].join("\n");
    const run = async (_: string, command: string) => {
      if (command.includes("show stat")) {
        const said = stat();
        states.shift();
        return said;
      }
      const args = ["-c", command.replace(/SECONDS \+ 5/, "SECONDS + 0")];
      return (await promisify(execFile)("bash", args)).stdout;
    };
    const ask = (machine: string) => Promise.resolve(machine === "haproxy1" ? " inet " : "");
    const site = {
      outputs: { ...outputs, services, failoverPatience: 1 },
      machines: { names: () => ["haproxy2", "haproxy1"], run, ask },
    } as unknown as RunningSite;
    return rollsOf(site)["entry"]?.objections?.();
  };
  const health = { healthPath: "/health", healthStatus: "200", checkSeconds: 0.8 };
  const wanted = { healthHost: "portal.example.org", healthStatus: "200-299" };

  it("with the host and the status of the service, asked from who has the VIP", async () => {
    await fit({ app: { ...health, ...wanted, port } });
    expect(asked).toEqual(["portal.example.org /health"]);
  });

  it("and another check is refused while what runs does not answer it; at the port that HAProxy has", async () => {
    expect(await objections({ app: { ...health, ...wanted, port: 1 } })).toBe("");
    const services = {
      app: { ...health, ...wanted, healthPath: "/new", healthStatus: "200", port },
    };
    expect(await objections(services)).toBe(
      `app: http://127.0.0.1:${port}/new answers 204 to haproxy1, and 200 is healthy. HAProxy would take them out: what ` +
        "runs must answer another check before it is asked. First a release that answers both, then healthPath, " +
        "healthHost, healthStatus or checkSeconds",
    );
    // It has just died: that is no matter of the check.
    expect(await objections(services, "DOWN")).toBe("");
  });

  it("and says which service answered what, and why it does not run", async () => {
    const services = {
      app: { ...health, ...wanted, port },
      api: { ...health, port, healthPath: "/api" },
      gone: { ...health, port: 1 },
    };
    await expect(fit(services, "hpc-web@x is failed: Error: no\n")).rejects.toThrow(
      new RegExp(
        `^api: http://127.0.0.1:${port}/api answers 400 to haproxy1, and 200 is healthy; hpc-web@x is failed: Error: no; ` +
          "gone: http://127.0.0.1:1/health does not answer haproxy1 \\(.*connect.*\\); hpc-web@x is failed: Error: no$",
      ),
    );
    expect(asked).toContain("10.0.0.101 /api");
  });
});

it("a web node that is in no backend yet is not sick: it lacks nothing but the membership", async () => {
  const stat = "# pxname,svname,status,addr,scur,qcur\napp,slot1,DOWN,10.0.0.1:8000,0,0\n";
  const addresses = { web: { web1: "10.0.0.1", web2: "10.0.0.2" } };
  const names = (tier: string) => (tier === "web" ? ["web1", "web2"] : ["haproxy1"]);
  const site = {
    outputs: { ...outputs, addresses },
    machines: { names, run: () => Promise.resolve(stat) },
  } as unknown as RunningSite;
  expect(await rollsOf(site)["web"]?.parts()).toEqual({
    members: ["web1", "web2"],
    sick: ["web1"],
    outside: ["web2"],
  });
});

it("a web node that alone serves something is not taken out", async () => {
  const stat =
    "# pxname,svname,status,addr,scur,qcur,chkfail\napp,slot1,UP,10.0.0.1:80,0,0,0\napp,slot2,DOWN,10.0.0.2:80,0,0,1\n";
  const sent: string[] = [];
  const run = (_: string, command: string) => {
    sent.push(command);
    return Promise.resolve(stat);
  };
  const site = {
    outputs: { ...outputs, addresses: { web: { web1: "10.0.0.1", web2: "10.0.0.2" } } },
    machines: { names: () => ["haproxy1"], run },
  } as unknown as RunningSite;
  await expect(rollsOf(site)["web"]?.takeOut?.("web1")).rejects.toThrow(
    "nobody else is in rotation for app on haproxy1",
  );
  expect(sent).toHaveLength(1);
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

describe("an entry node that has the VIPs", () => {
  /** @param then who has them once keepalived was restarted */
  const relieve = async (handover: string, then = "haproxy2") => {
    let holder = "haproxy1";
    const sent: string[] = [];
    const said: string[] = [];
    const run = (machine: string, command: string) => {
      sent.push(`${machine}: ${command}`);
      if (command === "haproxy-handover" && handover !== "") {
        return Promise.reject(new RemoteFailure(machine, 127, handover));
      }
      holder = command === "systemctl restart keepalived" ? then : "haproxy2";
      return Promise.resolve("");
    };
    const ask = (machine: string) => Promise.resolve(machine === holder ? " inet " : "");
    const site = {
      outputs: { ...outputs, failoverPatience: 0 },
      machines: { names: () => ["haproxy1", "haproxy2"], run, ask },
      progress: (line: string) => said.push(line.trim()),
    } as unknown as RunningSite;
    const failure = await rollsOf(site)
      ["entry"]?.relieve?.("haproxy1")
      .catch((e: Error) => e.message);
    return { sent, said, failure };
  };

  it("hands them over in the announced way", async () => {
    expect(await relieve("")).toEqual({
      sent: ["haproxy1: haproxy-handover"],
      said: [],
      failure: undefined,
    });
  });

  it("is relieved of them where it cannot, and that is said", async () => {
    const why = "bash: line 1: haproxy-handover: command not found";
    expect(await relieve(why)).toEqual({
      sent: ["haproxy1: haproxy-handover", "haproxy1: systemctl restart keepalived"],
      said: [`haproxy1: ${why}: the VIPs go without being announced, and connections are cut`],
      failure: undefined,
    });
  });

  it("is not relieved where nobody takes them", async () => {
    const { failure } = await relieve("not found", "haproxy1");
    expect(failure).toContain("the VIPs are not on haproxy1");
  });
});

describe("a compute node that a person has drained", () => {
  /** @param said what Slurm says of the nodes, by name */
  const compute = (said: Record<string, string>, jobs = "") => {
    const told: string[] = [];
    const run = (machine: string, command: string) => {
      if (command.startsWith("sinfo")) return Promise.resolve(said[machine] ?? "");
      if (command.startsWith("squeue")) return Promise.resolve(jobs);
      told.push(command);
      return Promise.resolve("");
    };
    const machines = { names: () => Object.keys(said), run, ask: run };
    const roll = rollsOf({ outputs, machines } as unknown as RunningSite)["compute"];
    if (!roll) throw new Error("no roll");
    return { roll, told };
  };
  const states = {
    compute1: "drained root disk makes noises",
    compute2: "draining alice nvme of alice",
    compute3: "drained slurm Low RealMemory",
    compute4: "drained root Not responding",
    compute5: "drained root hpc-ha",
    compute6: "idle root none",
    compute7: "down* slurm Not responding",
    compute8: "drained* root disk makes noises",
  };

  it("is neither sick nor in the way, as one is that Slurm itself took down, or a run of ours", async () => {
    const { roll } = compute(states);
    expect((await roll.parts()).sick).toEqual(["compute3", "compute4", "compute5", "compute7"]);
    const { compute1, compute2, compute6 } = states;
    expect(await compute({ compute1, compute2, compute6 }).roll.missing()).toBe("");
  });

  it("is changed and stays drained, with its reason", async () => {
    const { roll, told } = compute({ compute1: states.compute1 });
    await roll.takeOut?.("compute1");
    await roll.takeBack?.("compute1");
    expect(told).toEqual([]);
    const ours = compute({ compute5: states.compute5 });
    await ours.roll.takeBack?.("compute5");
    expect(ours.told).toEqual(["scontrol update nodename=compute5 state=resume"]);
  });

  it("has its jobs ended before its machine starts anew", async () => {
    const { roll } = compute({ compute2: states.compute2 }, "17\n");
    await expect(roll.takeOut?.("compute2")).rejects.toThrow("these jobs run on it: 17.");
  });
});
