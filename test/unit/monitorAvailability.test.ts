/** What the monitor records of the promised services, by Prometheus' own checker: there, away, and not known. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import * as yaml from "js-yaml";
import { afterAll, expect, it } from "vitest";
import { recorded } from "../../components/monitor/rules/availability";
import { always, type Series, up } from "../support/ruleCases";

const rules = recorded({ services: ["hub", "app"] });
const directory = mkdtempSync(path.join(tmpdir(), "hpc-ha-recorded-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** Somebody of the site answers. */
const HEARD: Series = { 'up{instance="redis1", job="node", tier="redis"}': always(1) };
const code = (service: string) =>
  `probe_http_status_code{instance="the web VIP", job="https", service="${service}"}`;
const controller = (name: string) => `up{instance="${name}", job="node", tier="controllers"}`;
const reached = (name: string) => `slurm_ha_reached{instance="${name}"}`;
const written = (name: string) =>
  `node_textfile_mtime_seconds{instance="${name}", file="/run/metrics/sbatch/sbatch.prom"}`;
const vip = (name: string) => `vip_held{instance="${name}", vip="data"}`;
const galera = (name: string, what: string) =>
  `haproxy_backend_${what}_servers{instance="${name}", proxy="galera"}`;
const NOW = "0+60x30";

/** A controller that has written what it knows, and when. */
const said = (name: string, answer: number, at = NOW): Series => ({
  [controller(name)]: always(1),
  [reached(name)]: always(answer),
  [written(name)]: at,
});
/** A HAProxy node with so many MariaDB behind it. */
const leads = (name: string, held: number, active: number, backup = 0): Series => ({
  [`up{instance="${name}", job="node", tier="entry"}`]: always(1),
  [vip(name)]: always(held),
  [galera(name, "active")]: always(active),
  [galera(name, "backup")]: always(backup),
});

/** @param value undefined: it must say nothing */
type Look = [what: string, of: string, value: number | undefined, series: Series];
const LOOKS: Look[] = [
  ["wants a login", "hub", 1, { [code("hub")]: always(401) }],
  ["has nobody", "hub", 0, { [code("hub")]: always(503) }],
  ["does not answer", "hub", 0, { [code("hub")]: always(0) }],
  ["is not asked", "hub", undefined, { [code("app")]: always(200) }],
  ["says that nobody serves", "web entry", 1, { [code("hub")]: always(503) }],
  ["answers for one", "web entry", 1, { [code("hub")]: always(0), [code("app")]: always(200) }],
  ["does not answer", "web entry", 0, { [code("hub")]: always(0), [code("app")]: always(0) }],
  ["nobody could ask", "web entry", undefined, {}],
  ["answers the other one", "Slurm (sbatch)", 1, { ...said("m1", 0), ...said("m2", 1) }],
  ["answers neither", "Slurm (sbatch)", 0, { ...said("m1", 0), ...said("m2", 0) }],
  ["was last asked long ago", "Slurm (sbatch)", undefined, said("m1", 1, always(0))],
  [
    "has no controller",
    "Slurm (sbatch)",
    0,
    { [controller("m1")]: always(0), [controller("m2")]: always(0) },
  ],
  // Prometheus has just started.
  ["has not been asked yet", "Slurm (sbatch)", undefined, {}],
  ["answers", "Redis (data VIP)", 1, { 'probe_success{job="sessions"}': always(1) }],
  ["does not answer", "Redis (data VIP)", 0, { 'probe_success{job="sessions"}': always(0) }],
  ["nobody could ask", "Redis (data VIP)", undefined, {}],
  [
    "has the second choice",
    "SQL (data VIP)",
    1,
    { ...leads("haproxy1", 1, 0, 2), ...leads("haproxy2", 0, 0) },
  ],
  // The one that nobody is sent to would lead there.
  [
    "leads nowhere",
    "SQL (data VIP)",
    0,
    { ...leads("haproxy1", 1, 0), ...leads("haproxy2", 0, 3) },
  ],
  ["is held by nobody", "SQL (data VIP)", 0, leads("haproxy1", 0, 3)],
  [
    "has no HAProxy node",
    "SQL (data VIP)",
    0,
    { 'up{instance="haproxy1", job="node", tier="entry"}': always(0) },
  ],
  // It does not tell, and the other one does not have the VIP.
  [
    "is with who does not tell",
    "SQL (data VIP)",
    undefined,
    { [vip("haproxy1")]: always(1), ...leads("haproxy2", 0, 3) },
  ],
];

/** What promtool does not find as it is said; nothing when all is. */
async function wrong(tests: object[]): Promise<string> {
  writeFileSync(
    path.join(directory, "rules.yml"),
    yaml.dump({ groups: [{ name: "availability", rules }] }),
  );
  const test = { rule_files: ["rules.yml"], evaluation_interval: "1m", tests };
  writeFileSync(path.join(directory, "test.yml"), yaml.dump(test));
  const options = { cwd: directory, all: true, reject: false } as const;
  const { all, failed } = await execa("promtool", ["test", "rules", "test.yml"], options);
  return failed ? (all ?? "no answer") : "";
}
const check = (series: Series, expr: string, samples: { labels: string; value: number }[]) => ({
  interval: "1m",
  input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
  promql_expr_test: [{ expr, eval_time: "10m", exp_samples: samples }],
});
const upTest = ([, of, value]: Look, series: Series) =>
  check(
    series,
    `service:up{service="${of}"}`,
    value === undefined ? [] : [{ labels: `service:up{service="${of}"}`, value }],
  );

it("a service that is there, is away, or of which nobody knows", async () => {
  expect(await wrong(LOOKS.map((look) => upTest(look, { ...HEARD, ...look[3] })))).toBe("");
});

it("nothing is known by who hears nobody but the other one who watches", async () => {
  const alone = { [up('job="node", tier="monitor"')]: always(1) };
  const cases = LOOKS.filter(([, , value]) => value === 0);
  const tests = cases.map(([what, of, , series]) => {
    const silent = Object.entries(series).map(([name, values]): [string, string] =>
      name.startsWith("up{") ? [name, always(0)] : [name, values],
    );
    return upTest([what, of, undefined, {}], { ...Object.fromEntries(silent), ...alone });
  });
  expect(cases.length).toBeGreaterThan(6);
  expect(await wrong(tests)).toBe("");
});

it("who holds what only one may hold, and how many web nodes there are", async () => {
  const server = (instance: string, slot: number) =>
    `haproxy_server_status{instance="${instance}", proxy="hub", server="slot${slot}", state="UP"}`;
  const series = {
    'vip_held{instance="haproxy1", vip="web"}': always(0),
    'vip_held{instance="haproxy2", vip="web"}': always(1),
    'redis_instance_info{instance="redis3", role="master", run_id="x"}': always(1),
    'redis_instance_info{instance="redis1", role="slave", run_id="y"}': always(1),
    'slurm_ha_slurmctld_here{instance="m1"}': always(1),
    'slurm_ha_slurmctld_here{instance="m2"}': always(0),
    // One of them is down: it is there.
    [server("haproxy1", 1)]: always(1),
    [server("haproxy1", 2)]: always(0),
    [server("haproxy2", 1)]: always(1),
  };
  const held = (what: string, instance: string) => ({
    labels: `service:held_by{what="${what}", instance="${instance}"}`,
    value: 1,
  });
  const all = [
    held("Redis master", "redis3"),
    held("slurmctld", "m1"),
    held("web VIP", "haproxy2"),
  ];
  const tests = [
    check(series, "service:held_by", all),
    check(series, "service:web_nodes", [{ labels: "service:web_nodes", value: 2 }]),
  ];
  expect(await wrong(tests)).toBe("");
});
