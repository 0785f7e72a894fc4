import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  held,
  kindOf,
  poolEnvironment,
  reasonOf,
  targetsOf,
} from "../../../autoscaler/apply/outcome";
import { UpdatePlace } from "../../../autoscaler/apply/place";
import { startOf } from "../../../lib/processes";
import { RunnerUpdates } from "../../../autoscaler/apply/updates";
import { until } from "../../../lib/wait";

describe("what a failed update says", () => {
  it("is told by Pulumi's lock, the site's, and the clone", () => {
    expect(kindOf("error: the stack is currently locked by 1 lock(s).")).toBe("locked");
    expect(
      kindOf(
        "error: the site is locked (on haproxy1) by root@m (process 4) since …, for: pulumi up",
      ),
    ).toBe("locked");
    expect(
      kindOf("This clone is not what the site was last updated with (the config is another)"),
    ).toBe("outdated");
    expect(kindOf("web3: does not boot")).toBe("failed");
  });

  it("gives the reason and not the frame around it", () => {
    const said = [
      "Diagnostics:",
      "  pulumi:pulumi:Stack (hpc-ha-lab):",
      "    error: update failed",
      "  pulumi-nodejs:dynamic/hpc-ha:Configuration (web-config):",
      "    error: web3: web : Start the services: app does not answer",
    ].join("\n");
    expect(reasonOf(said)).toBe("web3: web : Start the services: app does not answer");
    expect(reasonOf("")).toMatch(/without a reason/);
  });
});

describe("an update of the pool", () => {
  it("reaches web nodes and the membership only", () => {
    const patterns = targetsOf("test", "hpc-ha").map(
      (glob) =>
        new RegExp(
          `^${glob
            .split("**")
            .map((part) => part.replace(/[.$]/g, "\\$&"))
            .join(".*")}$`,
        ),
    );
    const reached = (name: string) =>
      patterns.some((pattern) => pattern.test(`urn:pulumi:test::hpc-ha::${name}`));
    const web = "hpc-ha:web:Web$hpc-ha:machine:Machine";
    for (const name of [
      "hpc-ha:site:Record::record",
      `${web}::web-web2`,
      `${web}$pulumi-nodejs:dynamic:Resource::web-web1-container`,
      "hpc-ha:web:Web$pulumi-nodejs:dynamic/hpc-ha:Configuration::web-config",
      "hpc-ha:entry:Entry$pulumi-nodejs:dynamic/hpc-ha:Membership::entry-membership",
      "hpc-ha:site:SiteFiles$command:local:Command::files-known_hosts",
    ]) {
      expect([name, reached(name)]).toEqual([name, true]);
    }
    for (const name of [
      "hpc-ha:entry:Entry$pulumi-nodejs:dynamic/hpc-ha:Configuration::entry-config",
      "hpc-ha:redis:Redis$hpc-ha:machine:Machine::redis-redis1",
      "hpc-ha:site:SiteCertificates$command:local:Command::certificates-issued",
    ]) {
      expect([name, reached(name)]).toEqual([name, false]);
    }
  });

  it("tells the program the names", () => {
    expect(poolEnvironment(["web1", "web4"])).toEqual({ HPC_HA_WEB_POOL: "web1 web4" });
  });
});

describe("the pool as the HAProxy nodes have it", () => {
  const server = (backend: string, address: string, up = true) => ({
    backend,
    server: "slot1",
    address,
    port: 80,
    up,
    sessions: 0,
  });
  const node = (name: string, ...servers: ReturnType<typeof server>[]) => ({ node: name, servers });
  const pool = { web1: "10.0.0.1", web2: "10.0.0.2" };

  it("lacks who is not up in every backend of every node, and has left who is of no pool", () => {
    const first = node(
      "h1",
      server("a", "10.0.0.1"),
      server("b", "10.0.0.1"),
      server("a", "10.0.0.2"),
    );
    expect(held([first], pool, ["a", "b"])).toEqual({ missing: ["web2"], left: [] });
    const second = node(
      "h2",
      ...["a", "b"].flatMap((b) => [server(b, "10.0.0.1"), server(b, "10.0.0.2", b === "a")]),
      server("a", "10.0.0.9", false),
      server("redis", "10.0.0.30"),
    );
    expect(held([second], pool, ["a", "b"])).toEqual({ missing: ["web2"], left: ["10.0.0.9"] });
  });
});

describe("a runner", () => {
  let directory: string;
  const place = () => new UpdatePlace(directory);
  const program = (text: string): string => {
    const file = path.join(directory, "runner.ts");
    fs.writeFileSync(
      file,
      `import { UpdatePlace } from ${JSON.stringify(path.resolve("autoscaler/apply/place"))};
       import { startOf } from ${JSON.stringify(path.resolve("lib/processes"))};
       const place = new UpdatePlace(process.argv[2] ?? "");
       const running = { pid: process.pid, started: startOf(process.pid), since: 5, what: "it" };
       ${text}`,
    );
    return file;
  };
  const updates = (text: string) =>
    new RunnerUpdates({ stack: "s", seconds: 60, directory }, program(text));
  beforeEach(() => {
    directory = fs.mkdtempSync(path.join(tmpdir(), "hpc-ha-apply-"));
  });
  afterEach(() => {
    const alive = place().alive();
    if (alive) process.kill(alive.pid, "SIGKILL");
    fs.rmSync(directory, { recursive: true });
  });

  it("is found while it works, and what became of it is told once", async () => {
    const mine = updates(
      `place.running.write(running);
       setTimeout(() => { place.result.write({ at: 7, ok: true, pool: ["web1"] }); process.exit(0); }, 1000);`,
    );
    await mine.start(["web1"], "load");
    expect(mine.running()).toEqual({ since: 5, what: "it" });
    await expect(mine.start(["web1"], "load")).rejects.toThrow("runs already");
    // A service that starts now finds it as well.
    const other = new RunnerUpdates({ stack: "s", seconds: 60, directory });
    expect(await other.finished()).toBeUndefined();
    expect(await until("its result", 10, () => other.finished(), 0.1)).toEqual({
      at: 7,
      ok: true,
      pool: ["web1"],
    });
    expect(await other.finished()).toBeUndefined();
    expect(fs.readdirSync(directory).sort()).toEqual(["runner.ts", "update.log"]);
  });

  it("that was killed is told as cut off", async () => {
    const mine = updates(`place.running.write(running); setInterval(() => undefined, 1000);`);
    await mine.start(["web1", "web2"], "load");
    process.kill(place().alive()?.pid ?? 0, "SIGKILL");
    await until("its death", 10, () => Promise.resolve(place().alive() === undefined), 0.05);
    expect(await mine.finished()).toMatchObject({
      ok: false,
      kind: "failed",
      pool: ["web1", "web2"],
      why: expect.stringContaining("cut off") as string,
    });
  });

  it("that does not start is an error, and leaves nothing", async () => {
    await expect(updates(`process.exit(1)`).start(["web1"], "load")).rejects.toThrow(
      "did not start",
    );
    expect(await updates("").finished()).toBeUndefined();
  });

  it("is not taken for another process with its number", () => {
    place().running.write({ pid: process.pid, started: "1", since: 0, what: "" });
    expect(place().alive()).toBeUndefined();
    place().running.write({ pid: process.pid, started: startOf(process.pid), since: 0, what: "" });
    expect(place().alive()).toBeDefined();
    place().running.remove();
  });
});
