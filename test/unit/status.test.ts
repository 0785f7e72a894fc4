import { execFileSync } from "node:child_process";
import { createColors } from "picocolors";
import { describe, expect, it } from "vitest";
import { questions } from "../../site/health";
import { diagnose } from "../../site/status/diagnose";
import { verdict } from "../../site/status/findings";
import { renderFindings, renderStatus } from "../../site/status/render";
import type { Status } from "../../components/look";
import { machinesOf } from "../../plan/outputs";
import { captured, changed, healthy, outputs, see, tiersOf, words } from "../support/seenSite";
import type { Answers } from "../support/seenSite";

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
