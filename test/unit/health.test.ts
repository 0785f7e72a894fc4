import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, judge } from "../../cli/health";
import type { PublicOutputs } from "../../cli/stack";

const VIPS = { slurm: "198.18.1.100", web: "198.18.1.101", data: "198.18.1.102" };
const STACK = { vips: VIPS, urls: { app: "https://198.18.1.101/app" } };
const answer = (role: string, text: string | undefined) => ({
  machine: { name: "m", role, address: "198.18.1.151" },
  text,
});

/** What a HAProxy node of the lab answered. */
const haproxy = (haproxyState: string) =>
  `  dbus.service                 loaded    active   running D-Bus System Message Bus
  haproxy.service              loaded    ${haproxyState} HAProxy Load Balancer
  haproxy-watch.service        loaded    active   running Whether HAProxy answers
  keepalived.service           loaded    active   running Keepalive Daemon (LVS and VRRP)
  ssh.service                  loaded    active   running OpenBSD Secure Shell server
1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever
2: eth0    inet 198.18.1.151/24 brd 198.18.1.255 scope global eth0\\       valid_lft forever
2: eth0    inet 198.18.1.101/24 scope global secondary eth0\\       valid_lft forever
`;

describe("judge", () => {
  it("is content with what runs, and tells the VIPs", () => {
    expect(judge(answer("entry", haproxy("active   running")), STACK)).toMatchObject({
      health: "ok",
      vips: ["web"],
    });
  });

  it("names units that failed and units that are not there", () => {
    expect(judge(answer("entry", haproxy("failed   failed")), STACK)).toMatchObject({
      health: "not running: haproxy",
    });
    expect(judge(answer("galera", haproxy("failed   failed")), STACK).faults).toEqual([
      "mariadb",
      "galera-check",
      "haproxy",
    ]);
  });

  it("names disks that are full", () => {
    // What a Galera node of the lab answered.
    const df = (mysql: string) => `Use% Mounted on
  0% /dev
 26% /
${mysql}% /var/lib/mysql
  1% /run
`;
    const units = ["mariadb", "galera-check"].map((u) => `${u}.service loaded active running ${u}`);
    const said = (mysql: string) =>
      judge(answer("galera", [...units, df(mysql)].join("\n")), STACK);
    expect(said(" 94")).toMatchObject({ health: "ok", full: [] });
    expect(said("100")).toMatchObject({
      health: "/var/lib/mysql is 100 % full",
      full: [{ path: "/var/lib/mysql", percent: 100 }],
      faults: [],
    });
  });

  it("knows a machine that said nothing", () => {
    expect(judge(answer("entry", undefined), STACK)).toMatchObject({
      health: "does not answer",
      vips: [],
    });
  });

  it("wants every service on a web node", () => {
    const text = "hpc-web@app.service loaded activating auto-restart Web service app";
    expect(judge(answer("web", text), STACK).health).toBe("not running: hpc-web@app");
  });

  it("wants slurmctld where the Slurm VIP is, and only there", () => {
    const units = ["munge", "slurmdbd", "slurm-watch", "keepalived"]
      .map((u) => `${u}.service loaded active running ${u}`)
      .join("\n");
    const vip = "\n2: eth0    inet 198.18.1.100/24 scope global secondary eth0";
    expect(judge(answer("controllers", units), STACK).health).toBe("ok");
    expect(judge(answer("controllers", units + vip), STACK)).toMatchObject({
      health: "not running: slurmctld",
      vips: ["slurm"],
    });
  });
});

describe("ask", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "hpc-ha-ask-"));
  /** A login that behaves as the machine that it is to reach. */
  const login = path.join(dir, "ssh");
  beforeAll(() =>
    writeFileSync(
      login,
      "#!/bin/sh\ncase $1 in\n" +
        // Its last question had no answer.
        "quick) echo well; exit 1 ;;\nslow) sleep 0.5; echo busy; sleep 0.5; echo well ;;\n" +
        "refused) echo no; exit 255 ;;\nfrozen) exec sleep 60 ;;\nesac\n",
      { mode: 0o755 },
    ),
  );
  afterAll(() => rmSync(dir, { recursive: true }));

  const answers = async (...machines: string[]) => {
    const addresses = { web: Object.fromEntries(machines.map((m) => [m, m])) };
    const outputs = { addresses, login: `${login} ADDRESS` } as unknown as PublicOutputs;
    const start = Date.now();
    const patience = { first: 2, factor: 2, least: 1, most: 10 };
    const said = await ask(outputs, () => "true", patience);
    return { texts: said.map((a) => a.text), seconds: (Date.now() - start) / 1000 };
  };

  it("tells who answers from who does not, and does not wait long for them", async () => {
    const { texts, seconds } = await answers("quick", "slow", "refused", "frozen");
    expect(texts).toEqual(["well", "busy\nwell", undefined, undefined]);
    expect(seconds).toBeGreaterThan(1.4);
    expect(seconds).toBeLessThan(5);
  });

  it("gives up when nobody says anything", async () => {
    const { texts, seconds } = await answers("frozen");
    expect(texts).toEqual([undefined]);
    expect(seconds).toBeGreaterThan(1.9);
    expect(seconds).toBeLessThan(5);
  });
});
