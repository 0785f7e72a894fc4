import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { createColors } from "picocolors";
import { describe, expect, it } from "vitest";
import { questions } from "../../site/health";
import { diagnose } from "../../site/status/diagnose";
import { evaluate } from "../../site/status/evaluate";
import { verdict } from "../../site/status/findings";
import { renderFindings, renderStatus } from "../../site/status/render";
import type { Answer } from "../../site/status/silence";
import type { Slurm } from "../../components/controllers/look";
import type { Entry } from "../../components/entry/proxy";
import type { Galera } from "../../components/galera/look";
import type { Finding, Status } from "../../components/look";
import type { Redis } from "../../components/redis/look";
import { machinesOf, type SiteOutputs } from "../../plan/outputs";

/** Outputs of the lab that was captured; of its eight services two are kept. */
const outputs: SiteOutputs = {
  addresses: {
    login: { client: "198.18.3.190" },
    galera: { galera1: "198.18.3.141", galera2: "198.18.3.142", galera3: "198.18.3.143" },
    entry: { haproxy1: "198.18.3.151", haproxy2: "198.18.3.152" },
    redis: { redis1: "198.18.3.131", redis2: "198.18.3.132", redis3: "198.18.3.133" },
    compute: { compute1: "198.18.3.161", compute2: "198.18.3.162" },
    controllers: { "slurm-m1": "198.18.3.10", "slurm-m2": "198.18.3.11" },
    web: { web1: "198.18.3.21", web2: "198.18.3.22" },
  },
  vips: { slurm: "198.18.3.100", web: "198.18.3.101", data: "198.18.3.102" },
  urls: { app: "https://198.18.3.101/app", websocket: "https://198.18.3.101/vnc" },
  services: {
    app: { port: 5174, healthPath: "/health", healthStatus: "200", checkSeconds: 0.8 },
    websocket: { port: 5011, healthPath: "/health", healthStatus: "200", checkSeconds: 0.8 },
  },
  webPool: { size: 2, min: 2, max: 3, drainSeconds: 8 },
  failoverPatience: 1,
  ssh: { user: "root", privateKeyFile: "key", knownHostsFile: "hosts" },
  inventoryFile: "inventory.yml",
  caFile: "ca.pem",
  portalUser: "admin",
};

/** What each machine answered, by name; null when it did not. */
type Answers = Record<string, string | null>;
function captured(name: string): Answers {
  const text = readFileSync(path.join(__dirname, "fixtures/status", `${name}.txt`), "utf8");
  const parts = text.split(/^@@ /m).slice(1);
  return Object.fromEntries(
    parts.map((part) => {
      const [, machine = "", silent, said = ""] =
        /^(\S+)( does not answer)?\n([^]*)$/.exec(part) ?? [];
      return [machine, silent === undefined ? said : null];
    }),
  );
}
const healthy = captured("healthy");

/** How a person logs in to a machine. */
const ssh = "ssh -i key -o IdentitiesOnly=yes -o UserKnownHostsFile=hosts";

/**
 * What is seen when some machines answer otherwise than on a whole site.
 * @param missing what some of them did not say
 */
function see(
  changes: Answers = {},
  missing: Record<string, Answer["missing"]> = {},
  site = outputs,
): Status {
  const answers = { ...healthy, ...changes };
  return evaluate(
    "lab",
    site,
    machinesOf(site).map((machine) => {
      const text = answers[machine.name];
      const lack = missing[machine.name] ?? (text === null ? "dead" : undefined);
      return { machine, text: text ?? "", missing: lack };
    }),
  );
}
const tiersOf = ({ tiers }: Status) =>
  tiers as { controllers: Slurm; redis: Redis; galera: Galera; entry: Entry };
const changed = (machine: string, from: string | RegExp, to: string): Answers => ({
  [machine]: healthy[machine]?.replace(from, to) ?? null,
});
const words = (findings: Finding[]) => findings.map((f) => `${f.severity}: ${f.what}`);
const mends = (findings: Finding[]) => findings.map((f) => f.mend);

describe("evaluate", () => {
  it("reads a whole site", () => {
    const status = see();
    expect(status.machines.map((m) => m.health)).toEqual(Array(15).fill("ok"));
    expect(status.vips.map((v) => v.holders)).toEqual([["slurm-m1"], ["haproxy1"], ["haproxy1"]]);
    const { controllers, redis, galera, entry } = tiersOf(status);
    expect(controllers).toEqual({
      primary: "slurm-m1",
      backups: [{ name: "slurm-m2", fit: true }],
      refusals: {},
      accounting: ["slurm-m1", "slurm-m2"],
      jobs: { PENDING: 1, RUNNING: 3 },
      nodes: [
        { name: "compute1", state: "allocated" },
        { name: "compute2", state: "mixed" },
      ],
      lost: [],
    });
    expect(redis).toEqual({
      masters: ["redis1"],
      writable: true,
      replicas: [
        { name: "redis2", linkUp: true, lagSeconds: 0, lagBytes: 0 },
        { name: "redis3", linkUp: true, lagSeconds: 0, lagBytes: 0 },
      ],
      quorum: ["redis1", "redis2", "redis3"],
      tilt: [],
    });
    expect(galera.nodes).toEqual(
      ["galera1", "galera2", "galera3"].map((name) => ({
        name,
        state: "Synced",
        primary: true,
        size: 3,
      })),
    );
    expect(entry.proxies[0]).toMatchObject({
      name: "haproxy1",
      answers: true,
      entries: { redis: { up: ["redis1"], serving: "redis1" }, galera: { serving: "galera3" } },
    });
    expect(entry.proxies[1]?.services).toEqual(
      ["app", "websocket"].map((name) => ({
        name,
        servers: ["web1", "web2"].map((machine) => ({
          machine,
          up: true,
          admin: "ready",
          sessions: 0,
          check: "L7OK",
        })),
      })),
    );
    expect(diagnose(status)).toEqual([]);
  });

  it("is not stopped by an answer that is cut off or is none", () => {
    for (const text of ["", "==> state", "==> slurm\nnode", "==> replication\nrole:\n==> quorum"]) {
      const all = Object.fromEntries(Object.keys(healthy).map((name) => [name, text]));
      expect(verdict(diagnose(see(all)))).toBe("down");
    }
  });
});

describe("diagnose", () => {
  it("names dead machines, one of each tier, and nothing that only follows from it", () => {
    const findings = diagnose(see(captured("dead")));
    expect(verdict(findings)).toBe("reduced");
    expect(findings.map((f) => /^\S+ \(\S+, [\d.]+\)/.exec(f.what)?.[0])).toEqual([
      "galera3 (galera, 198.18.3.143)",
      "haproxy1 (entry, 198.18.3.151)",
      "redis1 (redis, 198.18.3.131)",
      "compute2 (compute, 198.18.3.162)",
      "slurm-m1 (controllers, 198.18.3.10)",
      "web2 (web, 198.18.3.22)",
    ]);
    expect(new Set(mends(findings))).toEqual(
      new Set(["pulumi refresh --stack lab && pulumi up --stack lab"]),
    );
  });

  it("says once that no machine answers", () => {
    const none = Object.fromEntries(Object.keys(healthy).map((name) => [name, null]));
    expect(words(diagnose(see(none)))).toEqual([
      expect.stringMatching(/^down: No machine answers/),
    ]);
  });

  it("knows that Redis without replicas takes no writes", () => {
    const findings = diagnose(see(captured("redis")));
    expect(words(findings)).toEqual([
      "down: Redis takes no writes: its master redis1 has no replica that follows it.",
      "reduced: On redis2 redis-server is not running.",
      "reduced: On redis3 redis-server is not running.",
    ]);
    expect(mends(findings)[1]).toBe(`${ssh} root@198.18.3.132 'systemctl restart redis-server'`);
  });

  it("names a replica that lags or has lost its master, and a Sentinel without a majority", () => {
    const lag = changed("redis1", /(ip=198.18.3.132.*lag=)\d+/, "$17");
    expect(words(diagnose(see(lag)))).toEqual([
      expect.stringContaining("redis2 is 7 s behind its master"),
    ]);
    const lost = changed("redis3", "master_link_status:up", "master_link_status:down");
    expect(words(diagnose(see(lost)))).toEqual([
      expect.stringContaining("redis3 does not follow the master"),
    ]);
    const alone = changed("redis2", /OK 3 usable.*/, "NOQUORUM 1 usable Sentinels.");
    expect(words(diagnose(see(alone)))).toEqual([
      expect.stringContaining("The Sentinel of redis2 sees no majority"),
    ]);
  });

  it("names a Sentinel that takes no part because its machine stood still", () => {
    // Captured after `virsh suspend` and `resume`.
    const said = `OK 3 usable Sentinels. Quorum and failover authorization can be reached
# Sentinel
sentinel_masters:1
sentinel_tilt:1
sentinel_tilt_since_seconds:1
sentinel_running_scripts:0
sentinel_scripts_queue_length:0
sentinel_simulate_failure_flags:0
master0:name=site,status=ok,address=198.18.3.133:6379,slaves=2,sentinels=3`;
    const status = see(changed("redis2", /OK 3 usable.*/, said));
    expect(tiersOf(status).redis.quorum).toEqual(["redis1", "redis3"]);
    expect(words(diagnose(status))).toEqual([
      expect.stringContaining("The Sentinel of redis2 takes no part"),
    ]);
  });

  it("names a Galera node that is not synced, and a database that is down", () => {
    const findings = diagnose(see(captured("galera")));
    expect(words(findings)).toEqual([
      expect.stringMatching(
        /^reduced: The Galera node galera3 is Donor\/Desynced, not Synced .*3 of 3/,
      ),
    ]);
    const split = Object.fromEntries(
      ["galera1", "galera2", "galera3"].map((name) => [
        name,
        healthy[name]?.replace("Primary", "non-Primary").replace("Synced", "Initialized") ?? null,
      ]),
    );
    expect(words(diagnose(see(split)))[0]).toMatch(/^down: No Galera node is synced/);
  });

  it("says in MariaDB's own words why it does not run, and proposes no restart where none helps", () => {
    const setting =
      "/etc/mysql/mariadb.conf.d/99-site.cnf:17: Error while setting value 'x' to 'innodb_lock_wait_timeout'";
    const failed = (name: string, why: string) =>
      `${healthy[name]?.replace("mariadb.service                    loaded active running", "mariadb.service                    loaded activating auto-restart").replace(/==> galera[^]*/, "")}==> galera\n==> why\n${why}\n`;
    const refused =
      `MariaDB refuses its settings, and no restart helps: ${setting}. ` +
      "Take back in the stack config what brought them.";
    const one = diagnose(see({ galera3: failed("galera3", setting) }));
    expect(words(one)).toEqual([`reduced: On galera3 mariadb is not running. ${refused}`]);
    expect(mends(one)).toEqual(["pulumi up --stack lab"]);
    const other = diagnose(see({ galera3: failed("galera3", "InnoDB: No space left") }));
    expect(words(other)[0]).toContain("MariaDB says: InnoDB: No space left.");
    expect(mends(other)[0]).toContain("systemctl restart mariadb");
    const names = ["galera1", "galera2", "galera3"];
    const all = diagnose(see(Object.fromEntries(names.map((n) => [n, failed(n, setting)]))));
    expect(words(all)[0]).toBe(
      `down: No Galera node is synced: the database is down. On galera1 ${refused}`,
    );
    expect(mends(all)[0]).toBe("pulumi up --stack lab");
  });

  it("knows that Slurm is down without a controller, and quotes why one is not fit", () => {
    const stopped = captured("controllers");
    const findings = diagnose(see(stopped));
    expect(words(findings)).toEqual([
      "down: No machine holds the slurm VIP 198.18.3.100; slurm-m1, slurm-m2 could.",
      "reduced: On slurm-m1 slurm-watch is not running.",
      "reduced: On slurm-m2 slurm-watch is not running.",
    ]);
    expect(mends(findings)[1]).toBe(`${ssh} root@198.18.3.10 'systemctl restart slurm-watch'`);
    const because = (reason: string) => {
      const text = stopped["slurm-m1"]?.replace("==> unfit", `==> unfit\nslurm-ha: ${reason}`);
      const found = diagnose(see({ ...stopped, "slurm-m1": text ?? null }))[1];
      expect(found?.what).toContain(`slurm-ha said last: ${reason}.`);
      return found?.mend;
    };
    expect(because("/mnt/slurm is not mounted")).toContain("systemctl reboot");
    expect(
      because(
        "the hypervisor of slurm-m2 did not status it (no answer); once it is off for certain: slurm-ha fenced slurm-m2",
      ),
    ).toBe(`${ssh} root@198.18.3.10 'slurm-ha fenced slurm-m2'`);
    // Only a person can tell which state is the true one.
    expect(because("/mnt/slurm is stale: it is at epoch 3, this controller has seen 5")).toBe(
      undefined,
    );
    expect(because("slurmctld does not answer: killed it")).toContain("restart slurm-watch");
  });

  it("knows a holder of the Slurm VIP whose slurmctld does not answer", () => {
    const findings = diagnose(
      see(changed("slurm-m1", /^Slurmctld.*UP$/m, "Slurmctld(primary) is DOWN")),
    );
    expect(words(findings)).toEqual([
      expect.stringMatching(/^down: slurm-m1 holds the Slurm VIP, but/),
    ]);
  });

  it("names compute nodes that Slurm gave up, not those that an administrator drained", () => {
    const node = (text: string) =>
      words(diagnose(see(changed("slurm-m1", "compute2 mixed Unknown none", `compute2 ${text}`))));
    expect(node("drained root disk replaced")).toEqual([]);
    expect(node("drained slurm Kill task failed")).toEqual([
      "reduced: Slurm gives compute2 no jobs: it is drained (Kill task failed).",
    ]);
    expect(node("down* slurm Not responding")).toHaveLength(1);
    // A reconfiguration forgets that it was Slurm.
    expect(node("down* root Not responding")).toHaveLength(1);
    expect(node("idle* Unknown none")).toHaveLength(1);
  });

  it("names nodes that a change or a restart has drained and not given back, with the command that does", () => {
    const answers = changed(
      "slurm-m1",
      "compute2 mixed Unknown none",
      "compute2 draining root hpc-ha",
    );
    const [found, ...others] = diagnose(see(answers));
    expect(others).toEqual([]);
    expect(found?.what).toMatch(/^A change or a restart has drained .*has not ended: compute2\. /);
    expect(found?.mend).toMatch(/scontrol update nodename=compute2 state=resume/);
  });

  it.each(["down root fan broken", "down* alice moves to rack 4", "drained* root fan broken"])(
    "does not propose to resume what a person took down: %s",
    (text) => {
      const answers = changed("slurm-m1", "compute2 mixed Unknown none", `compute2 ${text}`);
      expect(diagnose(see(answers))).toEqual([]);
    },
  );

  it("names machines of the owner's that have not reported, and those that have in their own words", () => {
    const nodes = [
      "gpu01 unknown* Unknown none",
      "gpu02 down* slurm Not responding",
      "gpu03 idle Unknown none",
    ];
    const more = nodes.map((node) => `node ${node}\n`).join("");
    const answers = changed("slurm-m1", /(?=node compute1 )/, more);
    expect(words(diagnose(see(answers)))).toEqual([
      expect.stringMatching(
        /^reduced: Of the machines .* these have not reported: gpu01, gpu02\. /,
      ),
    ]);
  });

  it("names a node that is down for no reason", () => {
    const answers = changed(
      "slurm-m1",
      "compute2 mixed Unknown none",
      "compute2 down Unknown none",
    );
    expect(diagnose(see(answers))).toHaveLength(1);
  });

  const share = (text: string) => changed("slurm-m1", /$/, `==> share\n${text}\n`);

  it("tells of jobs that a crash has taken, until somebody has decided", () => {
    const lost = [922, 921].map((id) => `lost /mnt/slurm/lost/${id}/`).join("\n");
    const findings = diagnose(see(share(`full  27%    3%\n${lost}`)));
    expect(words(findings)).toEqual([
      "reduced: A crash of slurmctld has taken 2 jobs: 921, 922. Their scripts are kept; the command lists them.",
    ]);
    expect(mends(findings)).toEqual(["npx hpc lost-jobs --stack lab"]);
  });

  it.each([
    ["space", "full  80%    3%", ["reduced: The state share is 80 % full."]],
    ["files", "full  27%   91%", ["reduced: The state share is 91 % full."]],
    ["file systems without a number of files", "full  27%     -", []],
    ["nothing", "", []],
  ])("warns of a state share that fills up: %s", (_, text, expected) => {
    const found = words(diagnose(see(share(text)))).map((w) => w.replace(/full\. .*/, "full."));
    expect(found).toEqual(expected);
  });

  it("asks for the state share in words that a shell takes", () => {
    const script = questions("controllers", outputs).replaceAll("/mnt/slurm", "/tmp");
    const said = execFileSync("bash", ["-c", `EACH=5; ${script}; true`], { encoding: "utf8" });
    expect(said).toMatch(/^full +\d+% +(\d+%|-)$/m);
    expect(said).not.toMatch(/^lost/m);
  });

  it("knows that a controller could not switch the other one off, before it has to", () => {
    const why =
      "slurm-m1 could not be fenced: fence_virtd of its hypervisor, 198.18.3.1:1229, does not say how it is (timed out)";
    const answers = changed(
      "slurm-m2",
      /^slurm-watch/m,
      "slurm-fencing.service loaded failed failed x\nslurm-watch",
    );
    answers["slurm-m2"] += `\n==> fencing\nslurm-ha: ${why}\n`;
    const findings = diagnose(see(answers));
    expect(words(findings)).toEqual([
      `reduced: On slurm-m2 slurm-fencing is not running. slurm-ha said last: ${why}.`,
    ]);
    expect(mends(findings)).toEqual([
      expect.stringMatching(/198\.18\.3\.11 .*systemctl restart slurm-fencing/),
    ]);
  });

  it("names VIPs that two machines hold", () => {
    const eth0 = healthy["haproxy1"]?.split("\n").find((l) => l.includes("198.18.3.102/")) ?? "";
    const findings = diagnose(see(changed("haproxy2", "==> state", `${eth0}\n==> state`)));
    expect(words(findings)).toEqual([
      expect.stringMatching(/^reduced: haproxy1, haproxy2 hold the data VIP 198.18.3.102/),
    ]);
  });

  it("names web nodes that are drained by hand or fail their health check", () => {
    const findings = diagnose(see(captured("rotation")));
    expect(words(findings)).toEqual([
      "reduced: haproxy1 sends no new requests for app to web1: it is failing its health check (L7TOUT).",
      "reduced: haproxy1 sends no new requests for websocket to web2: it is draining.",
      "reduced: haproxy2 sends no new requests for app to web1: it is failing its health check (L7TOUT).",
    ]);
    expect(mends(findings).slice(0, 2)).toEqual([
      `${ssh} root@198.18.3.21 'systemctl restart hpc-web@app'`,
      "pulumi up --stack lab --replace '**entry-membership'",
    ]);
  });

  it("knows that a service that no web node serves is down", () => {
    const both = healthy["haproxy1"]?.replace(/^(\d+ app \d+ slot\d \S+) 2 /gm, "$1 0 ") ?? null;
    expect(words(diagnose(see({ haproxy1: both })))[0]).toBe(
      "down: No web node serves app at the web VIP (haproxy1).",
    );
  });
});

describe("what was not told in time", () => {
  /** A machine whose part timed out. */
  const hung = (machine: string, part: string): Answers => {
    const text = healthy[machine] ?? "";
    const [begin, ...rest] = text.split(`==> ${part}\n`);
    const next = rest.join("").indexOf("==> ");
    return {
      [machine]: `${begin}==> ${part}\n==! ${part}\n${next < 0 ? "" : rest.join("").slice(next)}`,
    };
  };
  const unknown = (who: string) =>
    `unknown: ${who} did not answer in time, asked twice: busy, or hanging; what depends on it is not known.`;

  it("is unknown, not down, whichever machine it is", () => {
    for (const { name } of machinesOf(outputs)) {
      const findings = diagnose(see({ [name]: "" }, { [name]: "late" }));
      expect(words(findings)).toEqual([unknown(name)]);
      expect(verdict(findings)).toBe("unknown");
    }
  });

  it("is unknown for whole tiers, and for all machines", () => {
    for (const members of Object.values(outputs.addresses)) {
      const names = Object.keys(members);
      const late = Object.fromEntries(names.map((name) => [name, "late" as const]));
      expect(words(diagnose(see({}, late)))).toEqual([unknown(names.join(", "))]);
    }
    const all = Object.fromEntries(machinesOf(outputs).map(({ name }) => [name, "late" as const]));
    const findings = diagnose(see({}, all));
    expect(words(findings)).toEqual([
      expect.stringMatching(/^unknown: No machine answered in time/),
    ]);
  });

  it("is unknown for one part of a machine", () => {
    for (const [machine, part] of [
      ["slurm-m1", "slurm"],
      ["redis1", "replication"],
      ["redis2", "replication"],
      ["redis3", "quorum"],
      ["galera1", "galera"],
      ["haproxy1", "state"],
      ["haproxy1", "redis"],
    ] as const) {
      expect(words(diagnose(see(hung(machine, part))))).toEqual([unknown(`${machine} (${part})`)]);
    }
  });

  it("is unknown of a database whose last node did not tell, and of a VIP whose holder did not", () => {
    const stopped = (name: string) =>
      changed(name, "Primary", "non-Primary")[name]?.replace("Synced", "Initialized") ?? null;
    const two = { galera1: stopped("galera1"), galera2: stopped("galera2") };
    expect(words(diagnose(see({ ...two, ...hung("galera3", "galera") })))[0]).toMatch(/^unknown/);
    const status = see(changed("haproxy1", /[^]*(?===> state)/, "==! units\n==! addresses\n"));
    expect(status.vips.map((v) => [v.name, v.holders, v.late])).toEqual([
      ["slurm", ["slurm-m1"], []],
      ["web", [], ["haproxy1"]],
      ["data", [], ["haproxy1"]],
    ]);
    expect(words(diagnose(status))).toEqual([unknown("haproxy1 (units, addresses)")]);
  });

  it("does not hide what is down for certain", () => {
    const findings = diagnose(see({ ...captured("controllers"), ...hung("galera1", "galera") }));
    expect(verdict(findings)).toBe("down");
    expect(words(findings).map((w) => w.split(":")[0])).toEqual([
      ...["down", "unknown", "reduced", "reduced"],
    ]);
  });

  it("is as late as the site's patience for a replica", () => {
    const lag = changed("redis1", /(ip=198.18.3.132.*lag=)\d+/, "$17");
    const patient = { ...outputs, failoverPatience: 3 };
    expect(words(diagnose(see(lag)))).toHaveLength(1);
    expect(words(diagnose(see(lag, {}, patient)))).toEqual([]);
  });
});

describe("what is asked", () => {
  it("is a shell script for each tier that only reads, with no password in an argument", () => {
    for (const tier of Object.keys(outputs.addresses)) {
      const script = questions(tier, outputs);
      execFileSync("bash", ["-n"], { input: script });
      expect(script).not.toMatch(
        /systemctl (?!list-units|-q is-(active|failed))|set server|-a "|--pass/,
      );
    }
  });
});

describe("what is shown", () => {
  const plain = createColors(false);
  const screen = (status: Status) => renderStatus(status, diagnose(status), plain);

  it("is one screen of a whole site, with all machines on it", () => {
    const text = screen(see());
    const lines = text.split("\n");
    expect(lines.length).toBeLessThan(30);
    expect(Math.max(...lines.map((l) => l.length))).toBeLessThan(125);
    for (const { name } of machinesOf(outputs)) expect(text).toContain(`${name} ok`);
    expect(text).toMatch(/primary slurm-m1 · backup slurm-m2/);
    expect(text).toMatch(/jobs: 1 pending, 3 running · allocated compute1 · mixed compute2/);
    expect(text).toMatch(/pool 2 \(2 to 3\)/);
    expect(text).toMatch(/app +up 0 +up 0 +0/);
  });

  it("says how old the image of new machines is, and what it lacks, which is no fault", () => {
    expect(screen(see())).not.toContain("Image");
    const day = 864e5;
    const of = (days: number, lacks: string[] = []) => {
      const image = { built: new Date(50 * day).toISOString(), lacks };
      const seen = see();
      const status = { ...seen, site: { ...seen.site, image } };
      return /^Image +(.*)$/m.exec(
        renderStatus(status, diagnose(status), plain, (50 + days) * day),
      )?.[1];
    };
    expect(of(1.9)).toBe("of new machines: 1 day old, with the releases of the web services");
    expect(of(12, ["a-1", "b-2"])).toBe(
      "of new machines: 12 days old, without release a-1, b-2: npm run image",
    );
    // A clock that is behind.
    expect(of(-1)).toMatch("0 days old");
  });

  it("says who holds the site's lock, and asks the entry's machines in the same go", () => {
    expect(screen(see())).not.toContain("Lock");
    expect(questions("entry", outputs)).toContain("echo '==> lock'");
    const holder = {
      who: "root@admin1 (process 7)",
      since: new Date().toISOString(),
      what: "pulumi up",
    };
    const said = `${healthy["haproxy2"]}==> lock\n4711\n${JSON.stringify(holder)}\n`;
    expect(screen(see({ haproxy2: said }))).toMatch(
      /^Lock +held by root@admin1 \(process 7\), for less than a minute \(since .*\): pulumi up$/m,
    );
  });

  it("marks what is not known", () => {
    const late = Object.fromEntries(
      ["slurm-m1", "slurm-m2", "redis1", "galera2", "haproxy1", "web1"].map(
        (name) => [name, "late"] as const,
      ),
    );
    const text = screen(see({}, late));
    expect(text).toMatch(/^lab {2}unknown: not everything answered in time$/m);
    expect(text).toMatch(
      /198.18.3.100 on \? · primary \? · backup slurm-m1 \? · backup slurm-m2 \? · slurmdbd on \?/,
    );
    expect(text).toMatch(/master \? · replica redis2 · replica redis3 · Sentinel quorum on 2 of 3/);
    expect(text).toMatch(/size 3 of 3 · galera1 Synced · galera2 \? · galera3 Synced/);
    expect(text).toMatch(/Web +198.18.3.101 on \? .* clients: haproxy1 \?, haproxy2 0/);
    expect(text).toMatch(/web1 \? {2}web2 ok\n.*web1 \(198.18.3.21\) no answer in time/);
    expect(text).toMatch(/^ {2}\? unknown /m);
    expect(text).not.toMatch(/✖|nobody|none/);
  });

  it("tells what is wrong, and each command once", () => {
    const dead = see(captured("dead"));
    expect(screen(dead)).toMatch(/web2 \(198.18.3.22\) does not answer/);
    const advice = renderFindings("lab", diagnose(dead), plain);
    expect(advice.match(/pulumi up/g)).toHaveLength(1);
    expect(renderFindings("lab", [], plain)).toContain("whole");
  });
});
