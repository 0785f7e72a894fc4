import type { Colors } from "picocolors/types";
import { type Finding, verdict } from "./findings";
import type { Proxy, Server, Status } from "./evaluate";

const WORDS = {
  whole: "whole: every service runs, with its spare",
  reduced: "redundancy is reduced: every service runs, not all have a spare",
  down: "a service is down",
};

/** The site on one screen. */
export function renderStatus(status: Status, findings: Finding[], c: Colors): string {
  const state = verdict(findings);
  const paint = { whole: c.green, reduced: c.yellow, down: c.red }[state];
  return [
    `${c.bold(status.stack)}  ${paint(WORDS[state])}`,
    "",
    ...rows(c, [
      ["Slurm", slurm(status, c)],
      ["", compute(status, c)],
      ["Redis", redis(status, c)],
      ["Galera", galera(status, c)],
      ["Web", web(status, c)],
      ["Data", data(status, c)],
    ]),
    "",
    ...backends(status, c),
    "",
    ...machines(status, c),
    ...(findings.length === 0
      ? []
      : ["", ...findings.map((f) => short(f, c)), c.dim("  npx hpc doctor says what mends it")]),
  ].join("\n");
}

/** What is wrong and what mends it. */
export function renderFindings(stack: string, findings: Finding[], c: Colors): string {
  if (findings.length === 0) return `${c.bold(stack)}  ${c.green(WORDS.whole)}`;
  const said = new Set<string>();
  return findings
    .flatMap((finding) => {
      const { mend } = finding;
      const shown = [short(finding, c)];
      if (mend !== undefined)
        shown.push(said.has(mend) ? c.dim("      as above") : `      ${c.cyan(mend)}`);
      if (mend !== undefined) said.add(mend);
      return shown;
    })
    .join("\n");
}

const short = ({ severity, what }: Finding, c: Colors) =>
  `  ${severity === "down" ? c.red("✖ down   ") : c.yellow("! reduced")} ${what}`;

const rows = (c: Colors, list: [title: string, text: string][]) =>
  list
    .filter(([, text]) => text !== "")
    .map(([title, text]) => `${c.bold(title.padEnd(8))}${text}`);

const mark = (good: boolean, text: string, c: Colors) => (good ? c.green(text) : c.red(text));

/** "198.18.1.100 on slurm-m1". */
function vip({ vips }: Status, name: string, c: Colors): string {
  const found = vips.find((v) => v.name === name);
  const holders = found?.holders ?? [];
  const where = holders.length === 0 ? "nobody" : holders.join(" and ");
  return `${found?.address ?? ""} on ${mark(holders.length === 1, where, c)}`;
}

function slurm(status: Status, c: Colors): string {
  const { primary, backups, accounting } = status.slurm;
  return [
    vip(status, "slurm", c),
    primary === undefined ? c.red("no slurmctld answers") : `primary ${c.green(primary)}`,
    ...backups.map((b) => `backup ${mark(b.fit, b.fit ? b.name : `${b.name} not fit`, c)}`),
    `slurmdbd on ${mark(accounting.length > 0, accounting.join(", ") || "none", c)}`,
  ].join(" · ");
}

function compute({ slurm: { jobs, nodes } }: Status, c: Colors): string {
  const counted = Object.entries(jobs ?? {}).map(([s, n]) => `${n} ${s.toLowerCase()}`);
  const states = [...new Set(nodes.map((n) => n.state))];
  return [
    `jobs: ${jobs === undefined ? "unknown" : counted.join(", ") || "none"}`,
    ...states.map((state) => {
      const word = mark(/^(idle|alloc|mix|comp)\w*$/.test(state), state, c);
      const members = nodes.filter((n) => n.state === state).map((n) => n.name);
      return `${word} ${members.join(", ")}`;
    }),
  ].join(" · ");
}

function redis({ redis, machines }: Status, c: Colors): string {
  const { masters, writable, replicas, quorum } = redis;
  const size = machines.filter((m) => m.role === "redis").length;
  return [
    `master ${mark(masters.length === 1, masters.join(" and ") || "none", c)}`,
    ...(writable ? [] : [c.red("takes no writes")]),
    ...replicas.map(({ name, linkUp, lagSeconds, lagBytes }) =>
      linkUp && lagSeconds !== undefined
        ? `replica ${c.green(name)} (lag ${lagSeconds} s, ${lagBytes} B)`
        : `replica ${c.red(`${name} not following`)}`,
    ),
    `Sentinel quorum on ${mark(quorum.length === size, `${quorum.length} of ${size}`, c)}`,
  ].join(" · ");
}

function galera({ galera }: Status, c: Colors): string {
  const { nodes } = galera;
  const size = Math.max(0, ...nodes.filter((n) => n.primary).map((n) => n.size));
  const states = nodes.map(({ name, state, primary }) => {
    const good = primary && state === "Synced";
    const word = state === "" ? "no answer" : primary ? state : `${state}, not primary`;
    return `${name} ${mark(good, word, c)}`;
  });
  return [`size ${mark(size === nodes.length, `${size} of ${nodes.length}`, c)}`, ...states].join(
    " · ",
  );
}

function web(status: Status, c: Colors): string {
  const { pool, proxies } = status.web;
  const clients = proxies.map((p) => `${p.name} ${p.answers ? p.sessions : c.red("no answer")}`);
  return [
    vip(status, "web", c),
    `pool ${pool.size} (${pool.min} to ${pool.max})`,
    `clients: ${clients.join(", ")}`,
  ].join(" · ");
}

function data(status: Status, c: Colors): string {
  const sent = (["redis", "galera"] as const).flatMap((name) => {
    const serving = holder(status)?.entries[name].serving;
    return serving === undefined ? [] : [`${name} → ${serving}`];
  });
  return [vip(status, "data", c), ...sent].join(" · ");
}

/** The HAProxy node that users are on, or one that can tell what it would do. */
const holder = ({ web, vips }: Status): Proxy | undefined => {
  const name = vips.find((v) => v.name === "web")?.holders[0];
  const answering = web.proxies.filter((p) => p.answers);
  return answering.find((p) => p.name === name) ?? answering[0];
};

/** A row for each service, a column for each web node: its state and sessions. */
function backends(status: Status, c: Colors): string[] {
  const proxy = holder(status);
  if (!proxy) return [c.red("        No HAProxy node tells who is in rotation")];
  const nodes = [...new Set(proxy.services.flatMap((s) => s.servers.map((x) => x.machine)))].sort(
    (a, b) => a.localeCompare(b, "en", { numeric: true }),
  );
  const name = Math.max(...proxy.services.map((s) => s.name.length)) + 2;
  const width = Math.max(9, ...nodes.map((n) => n.length + 2));
  const cell = (server: Server | undefined) => {
    if (!server) return c.red("absent".padEnd(width));
    const { up, admin, sessions } = server;
    const text = (
      !up ? "down" : admin === "ready" ? `up ${sessions}` : `${admin} ${sessions}`
    ).padEnd(width);
    return up && admin === "ready" ? c.green(text) : up ? c.yellow(text) : c.red(text);
  };
  const title = `  ${`in ${proxy.name}`.padEnd(name)}${nodes.map((n) => n.padEnd(width)).join("")}sessions`;
  return [
    c.dim(title),
    ...proxy.services.map(({ name: service, servers }) => {
      const cells = nodes.map((node) => cell(servers.find((s) => s.machine === node)));
      const total = servers.reduce((sum, s) => sum + s.sessions, 0);
      return `  ${service.padEnd(name)}${cells.join("")}${total}`;
    }),
  ];
}

/** A line for each role; a machine that is not well says why on a line of its own. */
function machines({ machines: all }: Status, c: Colors): string[] {
  const roles = [...new Set(all.map((m) => m.role))];
  const width = Math.max(...roles.map((r) => r.length)) + 2;
  return roles.flatMap((role) => {
    const members = all.filter((m) => m.role === role);
    const well = members.filter((m) => m.health === "ok");
    const line = members.map((m) =>
      mark(m.health === "ok", `${m.name} ${m.health === "ok" ? "ok" : "✖"}`, c),
    );
    return [
      `  ${c.dim(role.padEnd(width))}${line.join("  ")}`,
      ...(well.length === members.length
        ? []
        : members
            .filter((m) => m.health !== "ok")
            .map((m) => `  ${"".padEnd(width)}${c.red(`${m.name} (${m.address}) ${m.health}`)}`)),
    ];
  });
}
