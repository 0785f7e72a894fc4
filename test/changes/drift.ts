/** 10. What nobody told Pulumi. */
import type { Case } from "../faults/cases";
import type { Cluster } from "../faults/cluster";
import { on } from "../support/site";
import { nothing, up, USUAL } from "./steps";

/** A Redis machine that clients are not on. */
async function replica(c: Cluster): Promise<string> {
  const serving = await c.serving("redis");
  return ["redis1", "redis2", "redis3"].find((m) => m !== serving) ?? "";
}

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
    // Who was connected to it is cut off: the handover that spares them is what is gone.
    limits: USUAL.limits,
    name: "HAProxy: who has the VIPs has lost its configuration and its handover",
    fault: async (c) => {
      const holder = await c.holder("web");
      const files = ["/etc/haproxy/haproxy.cfg", "/usr/local/sbin/haproxy-handover"];
      await on(c.outputs, holder, `rm ${files.join(" ")}`);
      const said = await up("--refresh");
      for (const file of files) await c.ask(holder, `test -s ${file}`);
      if (!said.includes("the VIPs go without being announced")) throw new Error(said);
      if ((await c.holder("web")) === holder) throw new Error(`${holder} has the VIPs still`);
      return nothing;
    },
  },
];
