import { SAMPLE_PORTAL } from "../../portal/catalogue";
import type { Case } from "../faults/cases";
import { baseConfig, configure, parsed } from "../support/site";
import { certificateCases } from "./certificates";
import { driftCases } from "./drift";
import { edit } from "./edits";
import { keyCases } from "./keys";
import { memberCases } from "./members";
import { olderCases } from "./older";
import { release } from "./release";
import { scalingCases } from "./scaling";
import { config, refused, role, services, sizes, USUAL } from "./steps";
import { togetherCases } from "./together";

export const CHANGES: Case[] = [
  // --- 1. A setting of each tier, and taken back
  {
    ...USUAL,
    name: "Redis: another setting",
    fault: role("redis", "templates/site.conf.j2", "tcp-backlog 400"),
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
  {
    ...USUAL,
    name: "HAProxy: a check that what runs does not answer",
    fault: refused(
      () => configure(services("app", { healthPath: "/nowhere" })),
      /app: http:\S+\/nowhere answers \d+ to haproxy\d.*First a release that answers both/,
    ),
  },
  // --- 3. Web releases
  {
    ...USUAL,
    name: "web: a new release",
    // Not before it runs: it needs a directory of its own.
    fault: (c) => config(release("new"))(c),
  },
  {
    ...USUAL,
    name: "web: a service at another port",
    fault: config(services("app", { port: 5175 })),
  },
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
  ...certificateCases,
  ...scalingCases,
  ...memberCases,
  ...keyCases,
  ...togetherCases,
  ...driftCases,
  ...olderCases,
];
