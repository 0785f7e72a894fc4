import { Stack } from "../../cli/stack";
import { SAMPLE_PORTAL } from "../../portal/catalogue";
import type { Case } from "../faults/cases";
import type { Cluster } from "../faults/cluster";
import { hpc } from "../support/hpc";
import type { Client } from "../support/load/faultProtocol";
import { baseConfig, configure, on, parsed, stack } from "../support/site";
import { edit, takeBackEdits } from "./edits";

type Values = Record<string, unknown>;

/** What changes may cost each client for each machine changed (s); a request of the web never fails. */
const LIMITS: Partial<Record<Client, number>> = { web: 1, redis: 3, sql: 1, sbatch: 5 };
const USUAL = { limits: LIMITS, unharmed: ["web"] } satisfies Partial<Case>;

/** `pulumi up`, and what it showed. */
async function up(...args: string[]): Promise<string> {
  const shown: string[] = [];
  const told = new Stack(stack.name, (line) => {
    shown.push(line);
    console.log(`    ${line}`);
  });
  try {
    await told.up(...args);
  } catch (error) {
    throw new Error([(error as Error).message, ...shown].join("\n"));
  }
  return shown.join("\n");
}

/** The config is what it was, whatever was edited is taken back, and the site follows. */
const takenBack = async () => {
  takeBackEdits();
  configure();
  await up();
};

/** A change of the config. */
const config =
  (values: Values): Case["fault"] =>
  async () => {
    configure(values);
    await up();
    return takenBack;
  };

/** A change of a role. */
const role =
  (...args: Parameters<typeof edit>): Case["fault"] =>
  async () => {
    edit(...args);
    await up();
    return takenBack;
  };

/** A change that a daemon refuses: `up` fails with the reason, one machine at most is out, and the others serve. */
const refused =
  (change: () => void, reason: RegExp): Case["fault"] =>
  async () => {
    change();
    const said = await up().then(
      () => "it was not refused",
      (error: Error) => error.message,
    );
    if (!reason.test(said)) {
      await takenBack();
      throw new Error(`not refused with ${reason}: ${said}`);
    }
    return takenBack;
  };

const sizes = (tier: string, memoryMiB: number): Values => {
  const { sizes: all } = baseConfig() as { sizes: Record<string, Values> };
  return { sizes: { ...all, [tier]: { ...all[tier], memoryMiB } } };
};

/** The services of the portal, one of them with another wish. */
const services = (name: string, wish: Values): Values => ({
  services: SAMPLE_PORTAL.map((s) => (s.name === name ? { ...s, ...wish } : s)),
});

export const CHANGES: Case[] = [
  // --- 1. A setting of each tier, and taken back
  {
    ...USUAL,
    name: "Redis: another setting",
    fault: role("redis", "templates/site.conf.j2", "tcp-backlog 400"),
    short: true,
  },
  {
    ...USUAL,
    name: "Galera: another setting",
    fault: role(
      "galera",
      "templates/99-site.cnf.j2",
      "innodb_io_capacity = 300",
      /enforce_storage_engine = .*\n/,
    ),
  },
  {
    ...USUAL,
    name: "HAProxy: another time limit of a service",
    fault: config(services("app", { serverSeconds: 90 })),
  },
  {
    ...USUAL,
    name: "keepalived: another interval",
    fault: config({ vrrp: { advertSeconds: 0.4 } }),
  },
  {
    ...USUAL,
    name: "slurm.conf: a setting that is read anew",
    fault: role("slurm_config", "templates/slurm.conf.j2", "KillWait=20"),
  },
  {
    ...USUAL,
    name: "web: environment of a service",
    fault: config(services("app", { environment: { GREETING: "Grüße 한국" } })),
    short: true,
  },
  {
    ...USUAL,
    name: "firewall: one more is let in",
    fault: config({
      // Besides those whom the tests' own machines need.
      firewall: {
        allow: [
          ...parsed(baseConfig()).firewall.allow,
          { tier: "web", port: 9999, from: ["198.18.2.190"] },
        ],
      },
    }),
  },
  // --- 2. Refused, and taken back
  {
    ...USUAL,
    name: "Redis refuses a setting",
    fault: refused(
      () => edit("redis", "templates/site.conf.j2", "no-such-setting 1"),
      /redis\d: .*site\.conf.*no-such-setting/,
    ),
  },
  {
    ...USUAL,
    name: "MariaDB refuses a setting",
    fault: refused(
      () =>
        edit(
          "galera",
          "templates/99-site.cnf.j2",
          "no_such_setting = 1",
          /enforce_storage_engine = .*\n/,
        ),
      /galera\d: .*99-site\.cnf.*no.such.setting/,
    ),
  },
  {
    ...USUAL,
    name: "HAProxy refuses a setting",
    fault: refused(
      () => edit("entry", "templates/haproxy.cfg.j2", "    no-such-setting", /^global\n/m),
      /haproxy\d: .*no-such-setting/,
    ),
  },
  {
    ...USUAL,
    name: "keepalived refuses a setting",
    fault: refused(
      () =>
        edit("vip", "templates/keepalived.conf.j2", "    no_such_setting {", /global_defs \{\n/),
      /haproxy\d|slurm-m\d/,
    ),
  },
  {
    ...USUAL,
    name: "slurmctld refuses slurm.conf",
    fault: refused(
      () => edit("slurm_config", "templates/slurm.conf.j2", "NoSuchSetting=1"),
      /slurm-m\d: .*NoSuchSetting/i,
    ),
  },
  // --- 3. Web releases
  {
    ...USUAL,
    name: "web: a release that does not start",
    fault: refused(() => configure(services("app", { start: "exit 3" })), /web\d: .*app/),
    short: true,
  },
  {
    ...USUAL,
    name: "web: a release that starts and is not healthy",
    fault: refused(
      () => configure(services("app", { start: "exec python3 -m http.server $PORT" })),
      /web\d: .*app/,
    ),
  },
  {
    ...USUAL,
    // Taken back, it is a service more.
    name: "web: a service less",
    fault: config({ services: SAMPLE_PORTAL.filter((s) => s.name !== "dashboard") }),
  },
  {
    ...USUAL,
    name: "web: a service with another name",
    fault: config({
      services: SAMPLE_PORTAL.map((s) => (s.name === "app" ? { ...s, name: "apps" } : s)),
    }),
  },
  // --- 5. Memory of each tier's machines
  ...(
    [
      ["redis", 384],
      ["galera", 1152],
      ["entry", 320],
      ["web", 1152],
      ["controllers", 1152],
    ] as const
  ).map(([tier, memory]): Case => ({
    ...USUAL,
    name: `memory of ${tier}`,
    fault: config(sizes(tier, memory)),
  })),
  // --- 6. Scaling
  {
    ...USUAL,
    name: "2 -> 6 -> 2 web nodes",
    fault: config({ webReplicas: "6" }),
  },
  // --- 9. Interrupted, killed
  {
    ...USUAL,
    name: "pulumi killed in the middle of a change",
    fault: async () => {
      edit("redis", "templates/site.conf.j2", "tcp-backlog 450");
      const child = stack.start("up", "--yes", "--skip-preview");
      await new Promise<void>((resolve) => {
        child.all?.on("data", (data: Buffer) => {
          if (data.toString().includes("▶ redis: redis")) resolve();
        });
        void child.catch(() => undefined).then(() => resolve());
      });
      child.kill("SIGKILL");
      await child.catch(() => undefined);
      await up();
      return takenBack;
    },
  },
  // --- 10. Drift
  {
    ...USUAL,
    name: "a stopped unit and an edited file are found and mended",
    fault: async (c: Cluster) => {
      const redis = await c.serving("redis");
      const replica = ["redis1", "redis2", "redis3"].find((m) => m !== redis) ?? "";
      await on(
        c.outputs,
        replica,
        "echo '# edited' >>/etc/redis/site.conf; systemctl stop redis-server",
      );
      await on(c.outputs, "web1", "rm /etc/systemd/system/hpc-web@.service");
      await up("--refresh");
      const { stdout } = await on(
        c.outputs,
        replica,
        "grep -c edited /etc/redis/site.conf; systemctl is-active redis-server",
        { reject: false },
      );
      if (stdout !== "0\nactive") throw new Error(`${replica} was not mended: ${stdout}`);
      return () => Promise.resolve();
    },
    short: true,
  },
  // --- 11. At once
  {
    ...USUAL,
    name: "hpc restart while pulumi up is at work",
    fault: async () => {
      edit("redis", "templates/site.conf.j2", "tcp-backlog 350");
      const first = up();
      const begun = Date.now();
      let said = "";
      while (Date.now() - begun < 60_000 && !/is locked/.test(said)) {
        said = (await hpc("restart", "compute")).said;
        if (/restarted \(/.test(said)) continue;
      }
      await first;
      if (!/is locked .* for: pulumi up/.test(said)) throw new Error(`not kept out: ${said}`);
      return takenBack;
    },
  },
];
