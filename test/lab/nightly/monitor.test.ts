/** A site that is watched: everything answers, every rule reads something, and a real fault is told once and is over. */
import execa from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { overSsh } from "../../../autoscaler/metrics/ask";
import { Watch } from "../../../autoscaler/watch";
import type { Report } from "../../../cli/report/report";
import { panelPages } from "../../../components/monitor/panels";
import { ruleGroups } from "../../../components/monitor/rules";
import {
  recorded,
  SBATCH,
  SERVICE_UP,
  SESSIONS,
  SQL,
  WEB_ENTRY,
} from "../../../components/monitor/rules/availability";
import type { Monitor } from "../../../components/monitor/look";
import type { Redis } from "../../../components/redis/look";
import type { StackOutputs } from "../../../site/stack";
import type { Status } from "../../../components/look";
import { projectRoot } from "../../../lib/project";
import { pace } from "../../support/pace";
import { askPrometheus, seriesOf } from "../../support/prometheus";
import { selectorsOf } from "../../support/promql";
import {
  addressOf,
  ask,
  baseConfig,
  baseState,
  configure,
  eventually,
  on,
  parsed,
  stack,
} from "../../support/site";

/** Where a receiver listens on the monitor's own machine. */
const HOOK = 9999;
const SLOW = 900_000 * pace();

let outputs: StackOutputs;
let site: ReturnType<typeof parsed>;
beforeAll(async () => {
  await baseState();
  const members = { monitor: 1 };
  const jsonWebhook = `http://127.0.0.1:${HOOK}/`;
  configure({ members });
  // In the config file no secret is in the clear.
  const key = "hpc-ha:monitor.alerts.jsonWebhook";
  await stack.start("config", "set", "--secret", "--path", key, jsonWebhook);
  await stack.run("up");
  outputs = await stack.outputs();
  site = parsed({ ...baseConfig(), members, monitor: { alerts: { jsonWebhook } } });
}, SLOW);
// Nothing of it is left: the last test looks.
afterAll(() => baseState(), SLOW);

/** The site as a person sees it. */
async function status(): Promise<Status & { tiers: { monitor: Monitor; redis: Redis } }> {
  const args = ["status", "--json", "--stack", stack.name];
  const { stdout } = await execa("cli/hpc", args, { cwd: projectRoot, reject: false });
  return JSON.parse(stdout) as Status & { tiers: { monitor: Monitor; redis: Redis } };
}

const query = (expressions: string[]) => askPrometheus(outputs, "monitor1", expressions);
const series = (expr: string) => seriesOf(outputs, "monitor1", expr);

it("everything that is there answers, and nothing fires", { timeout: SLOW }, async () => {
  const pool = new Set(Object.keys(outputs.addresses["web"] ?? {}));
  let silent: string[] = [];
  await eventually("all targets", 120, async () => {
    const all = await series("up");
    silent = all
      .filter(
        ({ metric, value }) =>
          value[1] !== "1" && (metric["tier"] !== "web" || pool.has(metric["instance"] ?? "")),
      )
      .map(({ metric }) => `${metric["job"]} of ${metric["instance"]}`);
    return all.length > 0 && silent.length === 0;
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${silent.join(", ")}`);
  });
  // Rules are judged every few seconds.
  await eventually("the watchdog", 120, async () => {
    const dog = await series('ALERTS{alertstate="firing", alertname="Watchdog"}');
    return dog.length === 1;
  });
  const firing = await series('ALERTS{alertstate="firing", alertname!="Watchdog"}');
  expect(firing.map(({ metric }) => metric)).toEqual([]);
});

it("every rule can be judged, and reads metrics that are there", { timeout: SLOW }, async () => {
  const rules = Object.values(
    ruleGroups({
      services: site.services.map(({ name }) => name),
      drainSeconds: site.web.drainSeconds,
      monitors: 1,
    }),
  ).flat();
  const judged = await query(rules.map(({ expr }) => expr));
  expect(
    judged.flatMap(({ status, error }, i) =>
      status === "success" ? [] : [[rules[i]?.alert, error]],
    ),
  ).toEqual([]);
  const read = rules.flatMap(({ alert, expr }) =>
    selectorsOf(expr).map((selector) => ({ alert, selector })),
  );
  let blind: unknown[] = [];
  // What a monitor has just begun to ask for is there after the second look.
  await eventually("metrics", 60, async () => {
    const answers = await query(read.map(({ selector }) => selector));
    blind = read.filter((_, i) => answers[i]?.data?.result.length === 0);
    return blind.length === 0;
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${JSON.stringify(blind)}`);
  });
});

it("every panel has a curve at least", { timeout: SLOW }, async () => {
  const panels = panelPages(site.services.map(({ name }) => name)).flatMap((page) => page.panels);
  let empty: unknown[] = [];
  // Rates have one from the second look on.
  await eventually("curves", 120, async () => {
    const answers = await query(panels.map(({ expr }) => expr));
    empty = panels.flatMap(({ title }, i) =>
      (answers[i]?.data?.result.length ?? 0) > 0 ? [] : [[title, answers[i]?.error]],
    );
    return empty.length === 0;
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${JSON.stringify(empty)}`);
  });
});

it("who watches the data tier may do nothing else there", { timeout: SLOW }, async () => {
  const asked = (port: number, command: string) =>
    'export REDISCLI_AUTH=$(sed -n "s/^REDIS_PASSWORD=//p" /etc/systemd/system/prometheus-redis-exporter.env); ' +
    `redis-cli --tls --cacert /etc/ssl/site-ca.pem -h ${addressOf(outputs, "redis1")} -p ${port} --user monitor ${command}`;
  const said = async (machine: string, script: string) =>
    (await ask(outputs, machine, `${script} 2>&1; true`)).stdout;
  expect(await said("redis1", asked(site.ports.redis, "ping"))).toBe("PONG");
  expect(await said("redis1", asked(site.ports.redis, "keys '*'"))).toMatch(/^NOPERM/);
  expect(await said("redis1", asked(site.ports.sentinel, "ping"))).toBe("PONG");
  expect(await said("redis1", asked(site.ports.sentinel, "sentinel failover site"))).toMatch(
    /^NOPERM/,
  );
  const grants = "mariadb -NBe 'SHOW GRANTS FOR prometheus@localhost'";
  expect(await said("galera1", grants)).toMatch(/^GRANT USAGE ON \*\.\* TO [^\n]*$/);
});

it("the console gets its pages and alerts by ssh", { timeout: SLOW }, async () => {
  const monitors = [{ name: "monitor1", address: addressOf(outputs, "monitor1") }];
  const watch = new Watch({
    monitors,
    ports: site.ports,
    services: site.services.map(({ name }) => name),
    ask: overSsh(monitors, outputs.ssh),
    now: Date.now,
  });
  for (const { name } of watch.pages) {
    let empty: string[] = [];
    // Its curves end before now: a rate that is there for the first time is in them a step later.
    await eventually("curves", 90, async () => {
      const { from, panels } = await watch.page(name, 1);
      expect(from).toBe("monitor1");
      empty = panels.filter(({ curves }) => curves.length === 0).map(({ title }) => title);
      return empty.length === 0;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${name}: ${empty.join(", ")}`);
    });
  }
  expect((await watch.firing()).alerts).toEqual([]);
});

it("hpc status has it on its screen", async () => {
  const { tiers } = await status();
  expect(tiers.monitor.watchers).toMatchObject([{ name: "monitor1", alerts: [] }]);
});

it("every promised service is recorded, and is there", { timeout: SLOW }, async () => {
  const promised = recorded({ services: [] }).flatMap(({ labels }) => labels?.["service"] ?? []);
  const wanted = [...promised, ...site.services.map(({ name }) => name)].sort();
  let there: unknown[] = [];
  await eventually("that all are there", 120, async () => {
    const all = await series(`${SERVICE_UP} == 1`);
    there = all.map(({ metric }) => metric["service"]).sort();
    return there.length === wanted.length;
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${JSON.stringify(there)}`);
  });
  expect(there).toEqual(wanted);
});

it("the report names a real outage, how long it was, and why", { timeout: SLOW }, async () => {
  const proxies = Object.keys(outputs.addresses["entry"] ?? {});
  const keepalived = (verb: string) =>
    Promise.all(proxies.map((name) => on(outputs, name, `systemctl ${verb} keepalived`)));
  const begin = Date.now() / 1000;
  try {
    await keepalived("stop");
    // It waits half a minute itself.
    await eventually("the alert", 120, async () => {
      const all = await series('ALERTS{alertstate="firing", alertname="VipNobody"}');
      return all.length === 2;
    });
  } finally {
    await keepalived("start");
  }
  const end = Date.now() / 1000;
  let found: Report | undefined;
  // What was seen last is in no report yet.
  const told = async () => {
    const args = ["report", "--json", "--stack", stack.name];
    const { stdout } = await execa("cli/hpc", args, { cwd: projectRoot });
    found = JSON.parse(stdout) as Report;
    return found.outages.some((o) => o.service === WEB_ENTRY && o.from > begin - 30 && !o.longer);
  };
  await eventually("a report with its end", 180, told, 5).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${JSON.stringify(found?.outages)}`);
  });
  const outage = found?.outages.findLast(({ service }) => service === WEB_ENTRY);
  // Two looks more or less, at each end.
  expect(outage?.from).toBeGreaterThan(begin - 30);
  expect(outage?.to).toBeLessThan(end + 45);
  expect((outage?.to ?? 0) - (outage?.from ?? 0)).toBeGreaterThan(end - begin - 60);
  expect(outage?.causes).toContainEqual({ alert: "VipNobody", of: "web", told: true });
  const down = found?.services.filter((one) => one.down > 0).map(({ service }) => service);
  expect(down).toEqual(expect.arrayContaining([WEB_ENTRY, SESSIONS, SQL]));
  // Its own VIP is with the controllers.
  expect(down).not.toContain(SBATCH);
  const {
    up = 0,
    down: away = 0,
    share,
  } = found?.services.find(({ service }) => service === WEB_ENTRY) ?? {};
  expect(share).toBeCloseTo(up / (up + away), 6);
  expect(found?.waits).toBeDefined();
});

it("a stopped Redis is told once, and once that it is over", { timeout: SLOW }, async () => {
  const told = "/run/hook.log";
  const server = `import http.server,sys
class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        open("${told}", "ab").write(body + b"\\n")
        self.send_response(200); self.end_headers()
http.server.HTTPServer(("127.0.0.1", ${HOOK}), Hook).serve_forever()`;
  const start = `: > ${told}; systemd-run --quiet --unit=hook python3 -c '${server}'`;
  await on(outputs, "monitor1", start);
  const replica = (await status()).tiers.redis.replicas[0]?.name ?? "";
  const got = async (status: string): Promise<string[]> => {
    const { stdout } = await ask(outputs, "monitor1", `cat ${told}`);
    return stdout.split("\n").flatMap((line) => {
      if (line === "") return [];
      const { alerts } = JSON.parse(line) as {
        alerts: { status: string; labels: Record<string, string> }[];
      };
      return alerts
        .filter((a) => a.status === status)
        .map(
          ({ labels }) => `${labels["alertname"]} ${labels["name"] ?? ""} on ${labels["instance"]}`,
        );
    });
  };
  const wanted = `UnitNotRunning redis-server.service on ${replica}`;
  try {
    await on(outputs, replica, "systemctl stop redis-server");
    await eventually("the alert", 240, async () => (await got("firing")).includes(wanted), 2);
    expect((await got("firing")).filter((alert) => alert === wanted)).toHaveLength(1);
  } finally {
    await on(outputs, replica, "systemctl start redis-server");
  }
  await eventually("that it is over", 180, async () => (await got("resolved")).includes(wanted), 2);
  await on(outputs, "monitor1", "systemctl stop hook");
});

it("a second run changes nothing", { timeout: SLOW }, async () => {
  const { stdout } = await stack.start("preview", "--json");
  const { changeSummary } = JSON.parse(stdout) as { changeSummary: Record<string, number> };
  expect(Object.keys(changeSummary)).toEqual(["same"]);
});

it("is taken away again, and nothing of it is left on the others", { timeout: SLOW }, async () => {
  outputs = await baseState();
  expect(outputs.addresses["monitor"] ?? {}).toEqual({});
  const said = async (machine: string, unit = "prometheus-node-exporter") =>
    (
      await ask(
        outputs,
        machine,
        `systemctl is-active ${unit}; grep -c '"metrics of ' /etc/nftables.conf; true`,
      )
    ).stdout;
  expect(await said("redis1")).toBe("inactive\n0");
  expect(await said("client")).toBe("inactive\n0");
  expect(await said("web1")).toBe("active\n0");
  expect(await said("redis1", "prometheus-redis-exporter")).toBe("inactive\n0");
  expect(await said("galera1", "prometheus-mysqld-exporter")).toBe("inactive\n0");
  const users = "mariadb -NBe \"SELECT COUNT(*) FROM mysql.global_priv WHERE User = 'prometheus'\"";
  expect((await ask(outputs, "galera1", users)).stdout).toBe("0");
  const known = "grep -c '^user monitor ' /etc/redis/users.acl /etc/redis/sentinel.conf; true";
  expect((await ask(outputs, "redis1", known)).stdout).toBe(
    "/etc/redis/users.acl:0\n/etc/redis/sentinel.conf:0",
  );
});
