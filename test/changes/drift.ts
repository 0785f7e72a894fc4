/** 10. What nobody told Pulumi. */
import type { Case } from "../faults/cases";
import type { Cluster } from "../faults/cluster";
import { eventually, on } from "../support/site";
import { edit } from "./edits";
import { nothing, toTakeBack, up, USUAL } from "./steps";

/** A Redis machine that clients are not on. */
async function replica(c: Cluster): Promise<string> {
  const serving = await c.serving("redis");
  return ["redis1", "redis2", "redis3"].find((m) => m !== serving) ?? "";
}

const SETTINGS = "/etc/redis/site.conf";
const OLD = "/var/tmp/site.conf.old";
/** What a Redis runs with. */
const BACKLOG =
  "REDISCLI_AUTH=$(cat /etc/redis/admin) redis-cli --tls --cacert /etc/ssl/site-ca.pem --user admin config get tcp-backlog | tail -n 1";

export const driftCases: Case[] = [
  {
    ...USUAL,
    name: "a stopped unit and an edited file are found and mended",
    fault: async (c) => {
      const machine = await replica(c);
      await on(
        c.outputs,
        machine,
        "echo '# edited' >>/etc/redis/site.conf; systemctl stop redis-server",
      );
      await on(c.outputs, "web1", "rm /etc/systemd/system/hpc-web@.service");
      await up("--refresh");
      const { stdout } = await on(
        c.outputs,
        machine,
        "grep -c edited /etc/redis/site.conf; systemctl is-active redis-server",
        { reject: false },
      );
      if (stdout !== "0\nactive") throw new Error(`${machine} was not mended: ${stdout}`);
      return nothing;
    },
    short: true,
  },
  {
    ...USUAL,
    name: "files that are gone are there again",
    fault: async (c) => {
      const holder = await c.holder("web");
      const all = Object.entries({
        web1: "/opt/hpc-dashboard/app/.env",
        [holder === "haproxy1" ? "haproxy2" : "haproxy1"]: "/etc/haproxy/haproxy.cfg",
        galera2: "/etc/mysql/mariadb.conf.d/99-site.cnf",
      });
      for (const [machine, file] of all) await on(c.outputs, machine, `rm ${file}`);
      await up("--refresh");
      for (const [machine, file] of all) await c.ask(machine, `test -s ${file}`);
      return nothing;
    },
  },
  {
    ...USUAL,
    name: "a machine that comes back with older settings",
    fault: (c) =>
      toTakeBack(async () => {
        const machines = ["redis1", "redis2", "redis3"];
        for (const m of machines) await on(c.outputs, m, `cp -p ${SETTINGS} ${OLD}`);
        edit("redis", "templates/site.conf.j2", "tcp-backlog 420");
        await up();
        // Who serves is another one by now.
        const machine = await replica(c);
        await on(c.outputs, machine, `mv ${OLD} ${SETTINGS}`);
        await c.killMachine(machine);
        await c.startMachine(machine);
        await eventually(`${machine} is back, as it was once`, 60, async () => {
          const { failed, stdout } = await c
            .ask(machine, BACKLOG)
            .catch(() => ({ failed: true, stdout: "" }));
          return !failed && /^\d+$/.test(stdout) && stdout !== "420";
        });
        await up("--refresh");
        const { stdout } = await c.ask(machine, BACKLOG);
        if (stdout !== "420") throw new Error(`${machine} runs with tcp-backlog ${stdout}`);
        for (const m of machines) await on(c.outputs, m, `rm -f ${OLD}`);
      }),
  },
];
