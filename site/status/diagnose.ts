import {
  type Finding,
  isAre,
  isSick,
  LATE,
  list,
  type MachineHealth,
  NO_ANSWER,
  on,
  type Status,
} from "../../components/look";
import { KEEPALIVED } from "../../components/units";
import { looked } from "./evaluate";
import { SEVERITIES } from "./findings";

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
    ...unknown(status),
    ...machines(status),
    ...vips(status),
    ...looked.flatMap(({ name, look }) => look.findings(status.tiers[name], status)),
  ];
  const rank = ({ severity }: Finding) => SEVERITIES.indexOf(severity);
  return findings.sort((a, b) => rank(a) - rank(b));
}

/** All that was not told in time, in one sentence: nothing is said of what depends on it. */
function unknown({ machines }: Status): Finding[] {
  const late = machines.filter((m) => m.late.length > 0);
  if (late.length === 0) return [];
  const who = (m: MachineHealth) => (m.health === LATE ? m.name : `${m.name} (${list(m.late)})`);
  const all = late.every((m) => m.health === LATE) && late.length === machines.length;
  const what =
    `${all ? "No machine answered" : `${list(late.map(who))} did not answer`} in time, asked twice: ` +
    "busy, or hanging; what depends on it is not known.";
  return [{ severity: "unknown", what }];
}

function machines(status: Status): Finding[] {
  const silent = status.machines.filter((m) => m.health === NO_ANSWER);
  const found: Finding[] = [];
  for (const { name, tier, address } of silent) {
    const what = `${name} (${tier}, ${address}) does not answer: it is off, frozen, or cut off from the network.`;
    found.push({ severity: "reduced", what, mend: bringBack(status) });
  }
  for (const machine of status.machines.filter((m) => m.faults.length > 0)) {
    const { name, faults } = machine;
    const { why, mend } = remedy(status, machine);
    found.push({
      severity: "reduced",
      what: `On ${name} ${list(faults)} ${isAre(faults)} not running.${why === undefined ? "" : ` ${why}`}`,
      mend,
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

/** Why units of a machine do not run, if somebody knows, and what mends it. */
function remedy(status: Status, machine: MachineHealth): { why?: string; mend?: string } {
  const look = looked.find(({ name }) => name === machine.tier)?.look;
  if (look?.faults) return look.faults(status.tiers[machine.tier], machine, status);
  return { mend: on(status, machine.name, `systemctl restart ${machine.faults.join(" ")}`) };
}

function vips(status: Status): Finding[] {
  return status.vips.flatMap(({ name, address, candidates, holders, late }): Finding[] => {
    const restart = (machine: string) => on(status, machine, `systemctl restart ${KEEPALIVED}`);
    if (holders.length === 0) {
      // One of those that did not tell may hold it.
      if (late.length > 0) return [];
      const what = `No machine holds the ${name} VIP ${address}; ${list(candidates)} could.`;
      const healthy = candidates.find((m) => !isSick(status, m));
      return [{ severity: "down", what, mend: healthy && restart(healthy) }];
    }
    if (holders.length === 1) return [];
    const what = `${list(holders)} hold the ${name} VIP ${address} at the same time: they do not hear each other.`;
    return [{ severity: "reduced", what, mend: restart(holders[1] ?? "") }];
  });
}

/** Brings machines back, also those that are frozen. Asks before it does, since it also applies a changed config. */
const bringBack = ({ stack }: Status) =>
  `pulumi refresh --stack ${stack} && pulumi up --stack ${stack}`;
