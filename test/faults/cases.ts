import type { Client } from "../support/load/faultProtocol";
import type { Expected } from "../support/deliveries";
import { hpc } from "../support/hpc";
import { eventually, scale } from "../support/site";
import type { Cluster } from "./cluster";

/** One fault: what is done, how it is mended, and the longest outage that each client may see, s. */
export interface Case {
  name: string;
  /** What the fault needs and the clients are not measured in; returns how to undo it. */
  prepare?: (cluster: Cluster) => Promise<() => Promise<unknown>>;
  /** Does it; returns how to mend it. */
  fault: (cluster: Cluster) => Promise<() => Promise<unknown>>;
  limits: Partial<Record<Client, number>>;
  /** Clients of which no request may fail, from the begin of the fault until it is mended. Default: none. */
  unharmed?: Client[];
  /** Clients that nobody can serve until it is mended. */
  without?: Client[];
  /** Looked at while the fault lasts; each text is something that is wrong. */
  during?: (cluster: Cluster) => Promise<string[]>;
  /** What the monitor tells of it where it lasts; anything else that calls somebody is a false alert. Default: nothing. */
  alerts?: Expected[];
  /** Part of the short form that `npm test` runs. */
  short?: boolean;
  /** Not repeated: it lasts long enough by itself. */
  once?: boolean;
}

const nothing = () => Promise.resolve();

/** A command on the machine that has a part, mended by another. */
const command =
  (who: (c: Cluster) => Promise<string>, fault: string, mend?: string): Case["fault"] =>
  async (c) => {
    const name = await who(c);
    await c.shell(name, fault);
    return mend === undefined ? nothing : () => c.shell(name, mend);
  };

/** Several machines lose power at once and get it back. */
const powerLoss =
  (who: (c: Cluster) => Promise<string[]> | string[]): Case["fault"] =>
  async (c) => {
    const names = await who(c);
    await Promise.all(names.map(c.killMachine));
    return () => Promise.all(names.map(c.startMachine));
  };

/** A fault of the machine that has a part, mended by the opposite. */
const machine =
  (
    who: (c: Cluster) => Promise<string>,
    fault: "killMachine" | "freezeMachine" | "cut",
  ): Case["fault"] =>
  async (c) => {
    const name = await who(c);
    await c[fault](name);
    const mend = {
      killMachine: "startMachine",
      freezeMachine: "resumeMachine",
      cut: "mend",
    } as const;
    return () => c[mend[fault]](name);
  };

/** A signal to a program of the machine that has a part; systemd or the tier brings it back. */
const process =
  (who: (c: Cluster) => Promise<string>, signal: "KILL" | "STOP", program: string): Case["fault"] =>
  async (c) => {
    const name = await who(c);
    await c.signal(name, signal, program);
    return signal === "KILL"
      ? nothing
      : () => c.signal(name, "CONT", program).catch(() => undefined);
  };

const controller = (c: Cluster) => c.holder("slurm");
const backup = async (c: Cluster) =>
  (await controller(c)) === "slurm-m1" ? "slurm-m2" : "slurm-m1";
const entry = (c: Cluster) => c.holder("web");
const redis = (c: Cluster) => c.serving("redis");
const galera = (c: Cluster) => c.serving("galera");
const GALERA = ["galera1", "galera2", "galera3"];
/** They boot, and look for each other for 30 s, s. */
const GALERA_ALONE = 40;

/** A hung or unmounted share is seen by the machine only after a new boot. */
const rebootAfter =
  (who: (c: Cluster) => Promise<string>, fault: string): Case["fault"] =>
  async (c) => {
    const name = await who(c);
    await c.shell(name, fault);
    return async () => {
      await c.killMachine(name);
      await c.startMachine(name);
    };
  };

/** A node without its peers must not take a write that it could not keep. */
const refusesWrites = async (c: Cluster, node: string): Promise<string[]> => {
  // A write that leaves nothing behind. One that came before the loss was noticed waits, and fails with another error.
  const { stderr } = await c
    .shell(node, 'mariadb -e "DROP DATABASE IF EXISTS split_brain"')
    .catch((error: { stderr: string }) => error);
  return /^ERROR /m.test(stderr) ? [] : [`${node} takes writes alone`];
};

/** Mounts a file system of a bounded size, in MiB, on directories: the lab's own disk is the host's, and not filled. */
const mounted = (sizes: Record<string, number>) =>
  Object.entries(sizes)
    .map(([dir, size]) => `mount -t tmpfs -o size=${size}M,mode=$(stat -c %a ${dir}) tmpfs ${dir}`)
    .join(" && ");
const unmount = (dirs: string[]) => dirs.map((dir) => `umount -l ${dir}`).join("; ");
/** Writes until there is no room left. */
const fill = (dirs: string[]) =>
  dirs.map((dir) => `! dd if=/dev/zero of=${dir}/filler bs=64k 2>/dev/null`).join(" && ");

/** What `npx hpc doctor` would say must have this in it. */
const saysDoctor = async (c: Cluster, what: RegExp): Promise<string[]> => {
  const missing = await c.missing();
  return what.test(missing) ? [] : [`doctor does not say ${what}: ${missing}`];
};

/**
 * Galera nodes that all lost power find each other by themselves only when none has seen another go: otherwise it is for
 * the operator's command to say which has the most.
 */
const foundEachOther = async (c: Cluster): Promise<void> => {
  const down = async () => /No Galera node is synced/.test(await c.missing());
  await eventually("a database", GALERA_ALONE, async () => !(await down())).catch(async () => {
    const { code, said } = await hpc("recover", "galera");
    if (code !== 0) throw new Error(`hpc recover galera: ${said}`);
  });
};

const MYSQL = "/var/lib/mysql";
/** Where a web node writes. */
const LOGS = ["/var/log", "/tmp", "/var/tmp"];

/** In place of a service: it reads a request to its end, and says that it is broken. */
const ANSWERS_500 = `
cat >/run/broken <<'END'
while read -r line && [ "$line" != "$(printf '\\r')" ]; do :; done
printf 'HTTP/1.0 500 Broken\\r\\n\\r\\n'
END
port=$(sed -n 's/^PORT="\\(.*\\)"/\\1/p' /opt/hpc-dashboard/app/.env)
systemctl stop hpc-web@app
systemd-run --quiet --collect --unit=broken --property=SuccessExitStatus=143 \\
  socat TCP-LISTEN:$port,reuseaddr,fork 'EXEC:sh /run/broken'
until [ "$(curl -s -m 1 -o /dev/null -w '%{http_code}' http://127.0.0.1:$port/)" = 500 ]; do sleep 0.1; done`;

/** Limits: the figures of the requirements for each kind of fault. */
export const CASES: Case[] = [
  // --- Slurm controllers
  {
    name: "slurmctld stopped",
    fault: command(controller, "systemctl stop slurmctld"),
    limits: { sbatch: 3, slurmVip: 1 },
  },
  {
    name: "slurmctld kill -9",
    fault: process(controller, "KILL", "slurmctld"),
    limits: { sbatch: 3, slurmVip: 1 },
    short: true,
  },
  {
    name: "slurmctld frozen",
    fault: process(controller, "STOP", "slurmctld"),
    limits: { sbatch: 5, slurmVip: 1 },
  },
  {
    name: "controller machine killed",
    fault: machine(controller, "killMachine"),
    limits: { sbatch: 5, slurmVip: 2 },
  },
  {
    name: "controller machine frozen, then resumed",
    fault: machine(controller, "freezeMachine"),
    limits: { sbatch: 5, slurmVip: 2 },
    short: true,
  },
  {
    name: "controller machine cut off",
    fault: machine(controller, "cut"),
    limits: { sbatch: 5, slurmVip: 2 },
  },
  {
    name: "backup controller cut off",
    fault: machine(backup, "cut"),
    limits: { sbatch: 1.5, slurmVip: 1 },
  },
  {
    name: "both controllers rebooted together",
    fault: async (c) => {
      const names = [await controller(c), await backup(c)];
      await Promise.all(names.map((name) => c.shell(name, "systemctl --no-block reboot")));
      return nothing;
    },
    // Boot, VRRP, guard and start; nobody promises that a service survives the loss of both.
    limits: { sbatch: 20, slurmVip: 15 },
  },
  {
    name: "state share read-only on the controller",
    // On top of the mount: under the open files of slurmctld it cannot be made read-only.
    fault: rebootAfter(
      controller,
      "mount --bind /mnt/slurm /mnt/slurm && mount -o remount,bind,ro /mnt/slurm",
    ),
    limits: { sbatch: 8, slurmVip: 4 },
  },
  {
    name: "state share unmounted on the controller",
    fault: rebootAfter(controller, "umount -l /mnt/slurm"),
    limits: { sbatch: 8, slurmVip: 4 },
  },
  {
    name: "keepalived kill -9 (controller)",
    fault: process(controller, "KILL", "keepalived"),
    limits: { sbatch: 5, slurmVip: 2 },
  },
  {
    name: "keepalived frozen (controller)",
    fault: process(controller, "STOP", "keepalived"),
    limits: { sbatch: 8, slurmVip: 2 },
  },
  {
    name: "slurmdbd primary kill -9",
    fault: command(() => Promise.resolve("slurm-m1"), "kill -KILL $(pidof slurmdbd)"),
    limits: { sbatch: 1.5, slurmVip: 1 },
  },
  // --- entry
  {
    name: "haproxy kill -9",
    fault: process(entry, "KILL", "haproxy"),
    limits: { web: 1 },
    short: true,
  },
  { name: "haproxy frozen", fault: process(entry, "STOP", "haproxy"), limits: { web: 1 } },
  {
    name: "keepalived kill -9 (entry)",
    fault: process(entry, "KILL", "keepalived"),
    limits: { web: 1 },
  },
  {
    name: "keepalived frozen (entry)",
    fault: process(entry, "STOP", "keepalived"),
    limits: { web: 1 },
  },
  {
    name: "entry machine killed",
    fault: machine(entry, "killMachine"),
    limits: { web: 1 },
    short: true,
  },
  {
    name: "both HAProxy restarted one after the other",
    fault: async (c) => {
      for (const name of ["haproxy1", "haproxy2"]) {
        await c.shell(name, "systemctl restart haproxy && haproxy-state check");
      }
      return nothing;
    },
    limits: { web: 1 },
  },
  // --- data tier
  {
    name: "Redis master kill -9",
    fault: process(redis, "KILL", "redis-server"),
    limits: { redis: 3, web: 1 },
  },
  {
    name: "Redis machine frozen",
    fault: machine(redis, "freezeMachine"),
    limits: { redis: 5, web: 1 },
  },
  { name: "Redis machine cut off", fault: machine(redis, "cut"), limits: { redis: 5, web: 1 } },
  {
    name: "one Sentinel kill -9",
    fault: process(redis, "KILL", "redis-sentinel"),
    limits: { redis: 1, web: 1 },
  },
  {
    name: "Redis master kill -9 during a scale-out",
    fault: async (c) => {
      const done = scale(3).then(
        () => undefined,
        (error: unknown) => error,
      );
      // From here on its Ansible run, its start and its way into the rotation are under way.
      await eventually("the new node is on", 60, () => c.isOn("web3"));
      await c.signal(await redis(c), "KILL", "redis-server");
      return async () => {
        const failed = await done;
        await scale(2);
        if (failed instanceof Error) throw failed;
      };
    },
    limits: { redis: 3, web: 1 },
  },
  {
    name: "Galera node killed",
    fault: machine(galera, "killMachine"),
    limits: { sql: 2.5, web: 1 },
    short: true,
  },
  {
    name: "Galera node frozen",
    fault: machine(galera, "freezeMachine"),
    limits: { sql: 3.5, web: 1 },
  },
  { name: "Galera node cut off", fault: machine(galera, "cut"), limits: { sql: 3.5, web: 1 } },
  {
    name: "two Galera nodes killed at once",
    fault: powerLoss(() => GALERA.slice(0, 2)),
    limits: { web: 1, sbatch: 1.5 },
    without: ["sql"],
    during: (c) => refusesWrites(c, "galera3"),
    alerts: [{ alert: "MachineDown", series: 2 }, { alert: "DataEntryDown" }],
  },
  {
    name: "all Galera nodes killed",
    fault: async (c) => {
      const powerBack = await powerLoss(() => GALERA)(c);
      return async () => {
        await powerBack();
        await foundEachOther(c);
      };
    },
    // The jobs that are submitted meanwhile are in the accounting afterwards: see the verdict.
    limits: { web: 1, sbatch: 1.5 },
    without: ["sql"],
    alerts: [{ alert: "MachineDown", series: 3 }, { alert: "DataEntryDown" }],
    short: true,
  },
  {
    name: "disk full on the Galera node that serves",
    prepare: async (c) => {
      const [first = ""] = GALERA;
      const start = "systemctl start mariadb && galera-check wait 60";
      await c.shell(
        first,
        `systemctl stop mariadb && mkdir /mnt/kept && cp -a ${MYSQL}/. /mnt/kept && ` +
          `${mounted({ [MYSQL]: 800 })} && chown mysql: ${MYSQL} && mv /mnt/kept/* ${MYSQL} && rm -r /mnt/kept && ${start}`,
      );
      // HAProxy sends nobody back to it while another one serves, and after that to either of the rest.
      await eventually("clients are on it", 120, async () => {
        const serving = await galera(c);
        if (serving !== first) await c.shell(serving, `systemctl stop mariadb && ${start}`);
        return serving === first;
      });
      await c.shell(first, "mariadb portal -e 'CREATE TABLE filler (x LONGTEXT)'");
      return async () => {
        await c.shell(first, `systemctl stop mariadb; ${unmount([MYSQL])}; ${start}`);
        await c.shell(first, "mariadb -e 'DROP TABLE IF EXISTS portal.filler'");
      };
    },
    fault: async (c) => {
      const [first = "", second = ""] = GALERA;
      await c.shell(first, fill([MYSQL]));
      // What the others write next has no room there. Its end fails what they are just writing: then the rest goes on.
      const insert = "INSERT INTO filler SELECT REPEAT('x', 1000000);";
      await c.shell(second, `mariadb --force portal -e "${insert.repeat(20)}" || true`);
      return nothing;
    },
    during: (c) => saysDoctor(c, /galera1 .*full|galera1.*mariadb/),
    // InnoDB tries for 5 s to find room for what it must apply, and holds the whole set up; then it ends the node.
    limits: { sql: 7, web: 1 },
  },
  // --- web nodes
  {
    name: "web machine killed",
    fault: machine(() => Promise.resolve("web1"), "killMachine"),
    limits: { web: 3 },
  },
  {
    name: "web machine frozen",
    fault: machine(() => Promise.resolve("web1"), "freezeMachine"),
    limits: { web: 3 },
  },
  {
    name: "a web service answers 500",
    fault: async (c) => {
      await c.shell("web1", ANSWERS_500);
      return () => c.shell("web1", "systemctl stop broken; systemctl start hpc-web@app");
    },
    limits: { web: 3 },
  },
  {
    name: "disk full on a web node",
    prepare: async (c) => {
      const sizes = Object.fromEntries(LOGS.map((dir) => [dir, 16]));
      await c.shell("web1", `${mounted(sizes)} && systemctl restart systemd-journald`);
      const undo = `${unmount(LOGS)}; systemctl restart systemd-journald hpc-web@app`;
      return () => c.shell("web1", undo);
    },
    fault: async (c) => {
      await c.shell("web1", `${fill(LOGS)} && systemctl restart hpc-web@app`);
      return nothing;
    },
    during: (c) => saysDoctor(c, /web1 .*full/),
    limits: { web: 3 },
  },
  // --- no fault: the timings are long enough
  {
    name: "ten minutes of full CPU load",
    fault: async (c) => {
      const before = await c.parts();
      const busy = "timeout 600 sh -c 'while :; do :; done' &";
      await c.shell("client", `${busy} ${busy} ${busy} ${busy} wait`, 660);
      const after = await c.parts();
      if (after !== before) throw new Error(`false failover: from ${before} to ${after}`);
      return nothing;
    },
    limits: { web: 1, redis: 1, sql: 1, sbatch: 3, slurmVip: 1 },
    once: true,
  },
  // --- everything
  {
    name: "one machine of each tier killed together",
    fault: powerLoss(async (c) => [
      await controller(c),
      await entry(c),
      await redis(c),
      await galera(c),
      "web1",
    ]),
    limits: { sbatch: 8, slurmVip: 2, web: 3, redis: 5, sql: 5 },
    // Of a web node HAProxy tells, of each service.
    alerts: [{ alert: "MachineDown", series: 4 }, { alert: "WebServerDown" }],
    short: true,
  },
];
