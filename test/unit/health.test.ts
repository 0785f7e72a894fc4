import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as health from "../../site/health";
import { ask, endOf } from "../../site/status/ask";
import type { Answer } from "../../site/status/silence";
import { part } from "../../components/look";
import type { SiteOutputs } from "../../plan/outputs";

const STACK = {
  addresses: {},
  vips: { slurm: "198.18.1.100", web: "198.18.1.101", data: "198.18.1.102" },
  services: { app: { port: 5174, healthPath: "/health" } },
} as unknown as SiteOutputs;
const answer = (tier: string, text: string | undefined): Answer => ({
  machine: { name: "m", tier, address: "198.18.1.151" },
  text: text ?? "",
  missing: text === undefined ? "dead" : undefined,
});
const judge = (given: Answer, site: SiteOutputs) => health.judge(given, site).machine;

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
    const text =
      "hpc-web@app.service loaded activating auto-restart Web service app\n" +
      "prometheus-node-exporter.service loaded active running exporter";
    expect(judge(answer("web", text), STACK).health).toBe("not running: hpc-web@app");
  });

  it("wants what tells the monitor, where there is one", () => {
    const run = (...names: string[]) =>
      names.map((u) => `${u}.service loaded active running ${u}`).join("\n");
    const watched: SiteOutputs = { ...STACK, addresses: { monitor: { monitor1: "198.18.1.195" } } };
    const faults = (tier: string, text: string, site = watched) =>
      judge(answer(tier, text), site).faults;
    const galera = run("mariadb", "galera-check");
    const node = "prometheus-node-exporter";
    expect(faults("galera", galera)).toEqual([node, "prometheus-mysqld-exporter"]);
    expect(faults("galera", `${galera}\n${run(node, "prometheus-mysqld-exporter")}`)).toEqual([]);
    expect(faults("redis", run("redis-server", "redis-sentinel", node))).toEqual([
      "prometheus-redis-exporter",
    ]);
    const monitor = run("prometheus", "prometheus-alertmanager", "log-store", "log-entry", node);
    expect(faults("monitor", monitor)).toEqual(["prometheus-blackbox-exporter"]);
    expect(faults("galera", galera, STACK)).toEqual([]);
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

describe("judge of what was not told in time", () => {
  it("does not take units that nobody named for dead, nor a VIP for let go", () => {
    const eth0 = "2: eth0    inet 198.18.1.101/24 scope global secondary eth0";
    expect(judge(answer("entry", `==! units\n${eth0}`), STACK)).toMatchObject({
      health: "not told in time: units",
      faults: [],
      vips: ["web"],
      late: ["units"],
    });
  });

  it("knows how far an answer came that was cut off", () => {
    const cut = (text: string): Answer => ({ ...answer("entry", text), missing: "cut" });
    const well = haproxy("active   running");
    // Within a part, behind it, and before all.
    const { machine, part } = health.judge(cut(`${well}==> state\n1\n==> redis\nser`), STACK);
    expect(machine).toMatchObject({ health: "ok", late: ["redis", "galera", "lock"] });
    expect([part("state"), part("redis"), part("galera")]).toEqual(["1", undefined, undefined]);
    expect(judge(cut(well), STACK)).toMatchObject({
      health: "not told in time: units, addresses, disks",
      faults: [],
    });
  });

  it("takes a part that was not told in time for unknown, one that was not there for empty", () => {
    const text = `${haproxy("active   running")}==> state\n==! state\n==> redis\n`;
    const { machine, part } = health.judge(answer("entry", text), STACK);
    expect(machine).toMatchObject({ health: "ok", late: ["state"] });
    expect([part("state"), part("redis"), part("galera")]).toEqual([undefined, "", ""]);
  });

  it("is told by the machine itself", () => {
    const script = `EACH=0.5; ${part("hung", "echo half; sleep 60")}\n${part("quick", "echo 'it''s'")}`;
    const said = spawnSync("sh", ["-c", script], { encoding: "utf8" }).stdout;
    expect(said).toBe("==> hung\nhalf\n==! hung\n==> quick\nits\n");
  });
});

// At once: they do nothing but wait.
describe.concurrent("ask", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "hpc-ha-ask-"));
  const before = process.env["PATH"];
  /** An ssh that behaves as the machine that it is to reach. */
  beforeAll(() => {
    writeFileSync(
      path.join(dir, "ssh"),
      '#!/bin/sh\nfor a; do case $a in root@*) machine=${a#root@} ;; esac; done\necho "debug1: Connecting to" >&2\n' +
        // Its last question had no answer.
        "case $machine in\nquick) echo; echo well; exit 1 ;;\nslow) sleep 0.5; echo; sleep 0.5; echo well ;;\n" +
        "long) echo; echo a part; exec sleep 60 ;;\n" +
        'refused) echo "ssh: connect to host m port 22: Connection refused" >&2; exit 255 ;;\n' +
        'frozen) echo "debug1: Connection established." >&2; exec sleep 60 ;;\n' +
        'busy) echo "debug1: Remote protocol version 2.0" >&2; exec sleep 60 ;;\noff) exec sleep 60 ;;\nesac\n',
      { mode: 0o755 },
    );
    process.env["PATH"] = `${dir}:${before}`;
  });
  afterAll(() => {
    process.env["PATH"] = before;
    rmSync(dir, { recursive: true });
  });

  const answers = async (names: string[], first: number, most: number) => {
    const machines = names.map((name) => ({ name, tier: "web", address: name }));
    const access = { user: "root", privateKeyFile: "key", knownHostsFile: "hosts" };
    const start = Date.now();
    const patience = { first, factor: 2, least: 1, most };
    const replies = await ask(machines, access, () => "true", patience);
    const seconds = (Date.now() - start) / 1000;
    return { said: replies.map((r) => [r.end, r.text.trim()]), replies, seconds };
  };

  it("tells who answers from who does not, and does not wait long for them", async () => {
    const names = ["quick", "slow", "refused", "frozen", "busy", "off"];
    const { said, replies, seconds } = await answers(names, 10, 30);
    expect(said).toEqual([
      ["done", "well"],
      ["done", "well"],
      ["refused", ""],
      ["mute", ""],
      ["greeted", ""],
      ["unreachable", ""],
    ]);
    expect(replies[1]?.seconds).toBeGreaterThan(0.4);
    expect(replies.slice(2).map((r) => r.seconds)).toEqual(Array(4).fill(undefined));
    expect(seconds).toBeGreaterThan(1.4);
    expect(seconds).toBeLessThan(15);
  });

  it("keeps what was said of an answer that takes too long", async () => {
    const { said, seconds } = await answers(["long"], 10, 4);
    expect(said).toEqual([["cut", "a part"]]);
    expect(seconds).toBeLessThan(15);
  });

  it("gives up when nobody says anything", async () => {
    const { said, seconds } = await answers(["frozen"], 2, 30);
    expect(said).toEqual([["mute", ""]]);
    expect(seconds).toBeGreaterThan(1.9);
    expect(seconds).toBeLessThan(15);
  });

  it("knows ssh's words for how far a machine came", () => {
    // All of OpenSSH 9.2.
    const failed = (words: string) => endOf(255, false, words);
    expect(failed("ssh: connect to host m port 22: No route to host")).toBe("refused");
    expect(failed("ssh: connect to host m port 22: Connection timed out")).toBe("unreachable");
    expect(failed("Connection timed out during banner exchange")).toBe("mute");
    expect(failed("kex_exchange_identification: read: Connection reset by peer")).toBe("mute");
    const greeting = "debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2p1";
    expect(failed(`${greeting}\nroot@m: Permission denied (publickey).`)).toBe("refused");
    expect(failed(`${greeting}\nConnection closed by m port 22`)).toBe("greeted");
    expect(endOf(undefined, true, greeting)).toBe("cut");
    expect(endOf(1, true, greeting)).toBe("done");
  });
});
