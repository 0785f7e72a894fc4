import { NO_ANSWER } from "../health";
import { diagnoseWeb } from "./diagnoseWeb";
import type { ComputeNode, Status } from "./evaluate";
import { bringBack, type Finding, isAre, isSick, list, on } from "./findings";

/** A replica that is farther behind is no spare: the master stops taking writes then (min-replicas-max-lag), s. */
const MAX_LAG = 3;
/** Whether a compute node takes no jobs although nobody wanted that: an administrator's drain is not a fault. */
const isLost = ({ state, by }: ComputeNode) =>
  /^(down|fail|error|unk|inval)|\*/i.test(state) || (state.startsWith("drain") && by === "slurm");

/**
 * What is wrong with a site, the services that are down first. What follows from a machine or unit that is named
 * already is not named again, unless a service is down for it.
 */
export function diagnose(status: Status): Finding[] {
  if (status.machines.every((m) => m.health === NO_ANSWER)) {
    const what =
      "No machine answers: they are off (was this machine restarted?), or there is no way to their network.";
    return [{ severity: "down", what, mend: bringBack(status) }];
  }
  const findings = [
    ...machines(status),
    ...vips(status),
    ...slurm(status),
    ...redis(status),
    ...galera(status),
    ...diagnoseWeb(status),
  ];
  return findings.sort((a, b) => Number(b.severity === "down") - Number(a.severity === "down"));
}

function machines(status: Status): Finding[] {
  const silent = status.machines.filter((m) => m.health === NO_ANSWER);
  const found: Finding[] = [];
  for (const { name, role, address } of silent) {
    const what = `${name} (${role}, ${address}) does not answer: it is off, frozen, or cut off from the network.`;
    found.push({ severity: "reduced", what, mend: bringBack(status) });
  }
  for (const { name, faults } of status.machines.filter((m) => m.faults.length > 0)) {
    const units = list(faults);
    const refusal = status.slurm.refusals[name];
    found.push({
      severity: "reduced",
      what:
        `On ${name} ${units} ${isAre(faults)} not running.` +
        (refusal === undefined ? "" : ` slurm-ha said last: ${refusal}.`),
      mend: restart(status, name, faults, refusal),
    });
  }
  for (const { name, full } of status.machines) {
    for (const { path, percent } of full) {
      found.push({
        severity: "reduced",
        what: `On ${name} the disk with ${path} is ${percent} % full. The command shows what takes the space.`,
        mend: on(status, name, `du -xh -d 2 ${path} | sort -h | tail`),
      });
    }
  }
  return found;
}

/** What starts units again; undefined where only a person can decide what the truth is. */
function restart(status: Status, name: string, units: string[], refusal = ""): string | undefined {
  // The state share is mounted at boot.
  if (/is not mounted/.test(refusal)) return on(status, name, "systemctl reboot");
  const fenced = /slurm-ha fenced \S+/.exec(refusal)?.[0];
  if (fenced !== undefined) return on(status, name, fenced);
  // See docs/operations.md, "Who may write the job state".
  if (/is stale|is not the share|no proof|no job state|Read-only/.test(refusal)) return undefined;
  // slurmctld is started by keepalived where the VIP is, once slurm-watch finds the machine fit.
  const start = units.map((unit) => (unit === "slurmctld" ? "slurm-watch" : unit));
  return on(status, name, `systemctl restart ${[...new Set(start)].join(" ")}`);
}

/** Which machines may hold a VIP. */
const holdersOf = ({ machines }: Status, vip: string) =>
  machines.filter((m) => m.role === (vip === "slurm" ? "controllers" : "entry"));

function vips(status: Status): Finding[] {
  return status.vips.flatMap(({ name, address, holders }): Finding[] => {
    const may = holdersOf(status, name).map((m) => m.name);
    const healthy = may.find((m) => !isSick(status, m));
    if (holders.length === 0) {
      return [
        {
          severity: "down",
          what: `No machine holds the ${name} VIP ${address}; ${list(may)} could.`,
          mend: healthy && on(status, healthy, "systemctl restart keepalived"),
        },
      ];
    }
    if (holders.length === 1) return [];
    return [
      {
        severity: "reduced",
        what: `${list(holders)} hold the ${name} VIP ${address} at the same time: they do not hear each other.`,
        mend: on(status, holders[1] ?? "", "systemctl restart keepalived"),
      },
    ];
  });
}

function slurm(status: Status): Finding[] {
  const { primary, accounting, nodes } = status.slurm;
  const found: Finding[] = [];
  const holder = status.vips.find((v) => v.name === "slurm")?.holders[0];
  if (primary === undefined && holder !== undefined) {
    found.push({
      severity: "down",
      what:
        `${holder} holds the Slurm VIP, but no slurmctld answers there. After a start it may take a minute to load; ` +
        "the command lets the other controller have it.",
      mend: on(status, holder, "systemctl restart keepalived"),
    });
  }
  if (accounting.length === 0) {
    found.push({ severity: "down", what: "No slurmdbd runs: accounting is down. Jobs go on." });
  }
  if (primary === undefined) return found;
  const lost = nodes.filter(isLost);
  const all = nodes.length > 0 && lost.length === nodes.length;
  if (all) found.push({ severity: "down", what: "No compute node can run jobs." });
  for (const { name, state, reason } of lost.filter((n) => !isSick(status, n.name))) {
    found.push({
      severity: "reduced",
      what: `Slurm gives ${name} no jobs: it is ${state}${reason === undefined ? "" : ` (${reason})`}.`,
      mend: on(status, primary, `scontrol update nodename=${name} state=resume`),
    });
  }
  return found;
}

function redis(status: Status): Finding[] {
  const { masters, writable, replicas, quorum, tilt } = status.redis;
  const members = status.machines.filter((m) => m.role === "redis");
  const found: Finding[] = [];
  if (masters.length === 0) {
    const what = "Redis has no master: sessions cannot be written.";
    found.push({ severity: "down", what });
  } else if (!writable) {
    const what = `Redis takes no writes: its master ${list(masters)} has no replica that follows it.`;
    found.push({ severity: "down", what });
  }
  if (masters.length > 1) {
    found.push({
      severity: "reduced",
      what: `Redis has more than one master, ${list(masters)}: Sentinel makes replicas of all but one in seconds.`,
      mend: on(status, masters[1] ?? "", "systemctl restart redis-sentinel"),
    });
  }
  for (const { name } of members) {
    if (masters.length === 0 || masters.includes(name) || isSick(status, name)) continue;
    const replica = replicas.find((r) => r.name === name);
    const lag = replica?.linkUp ? replica.lagSeconds : undefined;
    if (lag !== undefined && lag <= MAX_LAG) continue;
    const how = lag === undefined ? "does not follow the master" : `is ${lag} s behind its master`;
    found.push({
      severity: "reduced",
      what: `Redis on ${name} ${how}. It may be copying its data; if it goes on, restart it.`,
      mend: on(status, name, "systemctl restart redis-server"),
    });
  }
  for (const name of tilt) {
    found.push({
      severity: "reduced",
      what: `The Sentinel of ${name} takes no part in an election for half a minute: its clock jumped, or its machine stood still.`,
    });
  }
  for (const { name } of members) {
    if (quorum.includes(name) || tilt.includes(name) || isSick(status, name)) continue;
    found.push({
      severity: "reduced",
      what: `The Sentinel of ${name} sees no majority: it could not have a lost Redis master replaced.`,
      mend: members.some((m) => m.health !== "ok")
        ? undefined
        : on(status, name, "systemctl restart redis-sentinel"),
    });
  }
  return found;
}

function galera(status: Status): Finding[] {
  const { nodes } = status.galera;
  const synced = nodes.filter((n) => n.primary && n.state === "Synced");
  if (synced.length === 0) {
    const what =
      "No Galera node is synced in a primary component: the database is down. When all nodes are back they find each " +
      "other by themselves; the command finds out which may be the first otherwise.";
    const mend = `npx hpc recover galera --stack ${status.stack}`;
    return [{ severity: "down", what, mend }];
  }
  const size = Math.max(...synced.map((n) => n.size));
  return nodes
    .filter((n) => !synced.includes(n) && !isSick(status, n.name))
    .map(({ name, state }) => ({
      severity: "reduced",
      what:
        `The Galera node ${name} is ${state === "" ? "not answering" : state}, not Synced ` +
        `(the cluster has ${size} of ${nodes.length}). It may be copying its data; if it goes on, restart it.`,
      mend: on(status, name, "systemctl restart mariadb"),
    }));
}
