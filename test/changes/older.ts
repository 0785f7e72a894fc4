/** 10. Daemons that run with older settings than those that their machine has. */
import type { Case } from "../faults/cases";
import type { Cluster } from "../faults/cluster";
import { configure, eventually, on } from "../support/site";
import { edit } from "./edits";
import { nothing, services, takenBack, up, USUAL } from "./steps";

/** A machine of a tier that clients are not on, where one can tell. */
const spare = async (c: Cluster, tier: string): Promise<string> => {
  const serving = {
    redis: () => c.serving("redis"),
    galera: () => c.serving("galera"),
    entry: () => c.holder("web"),
    controllers: () => c.holder("slurm"),
  }[tier];
  const busy = await serving?.();
  return Object.keys(c.outputs.addresses[tier] ?? {}).find((m) => m !== busy) ?? "";
};

/** A setting of a tier. */
interface Setting {
  tier: string;
  /** Changes it in this clone. */
  change: () => void;
  /** The file that it is in. */
  file: string;
  /** Shell text: how a daemon comes back with what is there. Default: its machine loses power. */
  back?: string;
  /** Shell text: says what the daemon runs with, behind "="; another text where it does not run. */
  runs: string;
  /** What that is once it was changed. */
  wanted: string;
}

const COPY = "/var/tmp/older-settings";

/** A machine has the tier's former settings again, and its daemon runs with them. */
async function comeBack(
  c: Cluster,
  { tier, change, file, back, runs, wanted }: Setting,
): Promise<string> {
  const machines = Object.keys(c.outputs.addresses[tier] ?? {});
  for (const m of machines) await on(c.outputs, m, `cp -p ${file} ${COPY}`);
  change();
  await up();
  // Who serves is another one by now.
  const machine = await spare(c, tier);
  await on(c.outputs, machine, `cat ${COPY} >${file}`);
  for (const m of machines) await on(c.outputs, m, `rm ${COPY}`);
  if (back === undefined) {
    await c.killMachine(machine);
    await c.startMachine(machine);
  } else await on(c.outputs, machine, back);
  await eventually(`${machine} is back, as it was once`, 60, async () => {
    const said = await c.ask(machine, runs).then(
      ({ stdout }) => stdout,
      () => "",
    );
    return said.startsWith("=") && said !== `=${wanted}`;
  });
  await c.whole();
  return machine;
}

function comesBack(name: string, setting: Setting): Case {
  let machine = "";
  return {
    ...USUAL,
    name,
    prepare: async (c) => {
      machine = await comeBack(c, setting).catch(async (error: Error) => {
        await takenBack().catch(nothing);
        throw error;
      });
      return takenBack;
    },
    fault: async (c) => {
      await up("--refresh");
      const { stdout } = await c.ask(machine, setting.runs);
      if (stdout !== `=${setting.wanted}`) throw new Error(`${machine} runs with ${stdout}`);
      return nothing;
    },
  };
}

/** Shell text: a file that its unit has not read, by systemd's times. */
const unread = (unit: string, file: string): string =>
  `find ${file} -newermt "$(systemctl show --timestamp=us+utc --property=StateChangeTimestamp --value ${unit})"`;

/** Units with a file that was written and not read, as if a run had been cut off between both. */
const CUT_OFF: Record<string, [unit: string, file: string][]> = {
  controllers: [
    ["munge", "/etc/munge/munge.key"],
    ["slurmdbd", "/etc/slurm/slurmdbd.conf"],
    ["slurm-watch", "/etc/default/slurm-ha"],
    ["keepalived", "/etc/keepalived/keepalived.conf"],
  ],
  compute: [["slurmd", "/etc/default/slurmd"]],
  entry: [
    ["haproxy", "/etc/haproxy/haproxy.cfg"],
    ["haproxy-watch", "/usr/local/sbin/haproxy-watch"],
  ],
  web: [
    ["hpc-web@app", "/opt/hpc-dashboard/app/.env"],
    ["prometheus-node-exporter", "/etc/systemd/system/prometheus-node-exporter.service"],
  ],
  galera: [["mariadb", "/etc/mysql/mariadb.conf.d/99-site.cnf"]],
  redis: [["redis-sentinel", "/etc/redis/sentinel.seed"]],
};

export const olderCases: Case[] = [
  comesBack("a machine that comes back with older settings", {
    tier: "redis",
    change: () => edit("redis", "templates/site.conf.j2", "tcp-backlog 420"),
    file: "/etc/redis/site.conf",
    runs:
      "REDISCLI_AUTH=$(cat /etc/redis/admin) redis-cli --tls --cacert /etc/ssl/site-ca.pem --user admin " +
      "config get tcp-backlog | tail -n 1 | sed -n 's/^[0-9]*$/=&/p'",
    wanted: "420",
  }),
  comesBack("Galera: a node that comes back with older settings", {
    tier: "galera",
    change: () =>
      edit(
        "galera",
        "templates/99-site.cnf.j2",
        "innodb_io_capacity = 310",
        /enforce_storage_engine = .*\n/,
      ),
    file: "/etc/mysql/mariadb.conf.d/99-site.cnf",
    back: "systemctl restart mariadb",
    runs: "mariadb -NBe \"select concat('=', @@innodb_io_capacity)\"",
    wanted: "310",
  }),
  comesBack("HAProxy: a node that comes back with older settings", {
    tier: "entry",
    change: () => edit("entry", "templates/haproxy.cfg.j2", "    description newer", /^global\n/m),
    file: "/etc/haproxy/haproxy.cfg",
    back: "systemctl restart haproxy",
    runs: "echo 'show info' | socat - /run/haproxy/admin.sock | sed -n 's/^description: */=/p' | grep . || echo =",
    wanted: "newer",
  }),
  comesBack("controllers: one that comes back with older settings", {
    tier: "controllers",
    change: () => edit("controllers", "templates/slurmdbd.conf.j2", "LogTimeFormat=rfc5424"),
    file: "/etc/slurm/slurmdbd.conf",
    back: "systemctl restart slurmdbd",
    // It says nothing of its settings: those of the file, where it was started after that was written.
    runs: `[ -z "$(${unread("slurmdbd", "/etc/slurm/slurmdbd.conf")})" ] && sed -n '/^LogTimeFormat=/{s/.*=/=/;p;q};$s/.*/=/p' /etc/slurm/slurmdbd.conf`,
    wanted: "rfc5424",
  }),
  comesBack("web: a node that comes back with older settings", {
    tier: "web",
    change: () => configure(services("app", { environment: { GREETING: "newer" } })),
    file: "/opt/hpc-dashboard/app/.env",
    back: "systemctl restart hpc-web@app",
    runs:
      "pid=$(systemctl show --property=MainPID --value hpc-web@app); tr '\\0' '\\n' </proc/$pid/environ | " +
      "sed -n 's/^GREETING=/=/p' | grep . || { [ $pid -gt 0 ] && echo =; }",
    wanted: "newer",
  }),
  {
    ...USUAL,
    name: "a change that was cut off before its restarts, daemons with older settings",
    fault: async (c) => {
      const touched: [machine: string, unit: string, file: string][] = [];
      for (const [tier, units] of Object.entries(CUT_OFF)) {
        const machine = await spare(c, tier);
        const files = units.map(([, file]) => file).join(" ");
        await on(
          c.outputs,
          machine,
          `touch ${files}; mkdir -p /var/lib/hpc-ha; date -Is >/var/lib/hpc-ha/change`,
        );
        for (const [unit, file] of units) touched.push([machine, unit, file]);
      }
      await up("--refresh");
      const left = await Promise.all(
        touched.map(async ([machine, unit, file]) => {
          const { stdout } = await c.ask(machine, unread(unit, file));
          return stdout === "" ? [] : [`${machine}: ${unit} has not read ${file}`];
        }),
      );
      if (left.flat().length > 0) throw new Error(left.flat().join("; "));
      return nothing;
    },
  },
];
