import type { Colors } from "picocolors/types";
import {
  type Finding,
  holderOf,
  isLate,
  lines,
  type Look,
  type MachineHealth,
  machinesIn,
  mark,
  NO_ANSWER,
  on,
  part,
  type Part,
  type Status,
  vipText,
} from "../look";
import { NODE_STATE, type NodeState, readNodeState } from "../slurm/nodeState";
import { KEEPALIVED } from "../units";
import { nodeFindings } from "./nodeFindings";
import { shareFindings, shareQuestion, stateShare } from "./stateShare";
import { SLURM_FENCING, SLURM_WATCH, SLURMCTLD, SLURMDBD } from "./units";

export interface Slurm {
  /** The machine with the VIP whose slurmctld answers; undefined when none does. */
  primary?: string;
  /** Controllers without the VIP; one that is not fit would not take over; undefined: it did not tell in time. */
  backups: { name: string; fit?: boolean }[];
  /** Why a controller refuses to be one, or could not switch the other one off, in slurm-ha's own words. */
  refusals: Record<string, string>;
  /** Machines whose slurmdbd runs. */
  accounting: string[];
  /** Number of jobs by Slurm's state, e.g. RUNNING; undefined when nobody could tell. */
  jobs?: Record<string, number>;
  nodes: ComputeNode[];
  /** Ids of batch jobs that a crash has taken, of which nobody has decided yet what becomes of them. */
  lost: number[];
  /** How full the state share is, %, of space or of files; undefined when nobody told. */
  full?: number;
}

export interface ComputeNode extends NodeState {
  name: string;
}

/** What Slurm says, and why a controller is none. */
export const look: Look<Slurm> = {
  rank: 1,
  questions: ({ vips }) => [
    // Without the VIP slurmctld is another machine's, which says the same.
    part(
      "slurm",
      `ip -o -4 address | grep -qF ' ${vips.slurm}/' || exit 0; ` +
        `scontrol ping; squeue -h -o 'job %T'; sinfo -h -N -o 'node %N ${NODE_STATE}'`,
    ),
    shareQuestion,
    // Why this machine is not fit, in slurm-ha's words; it repeats them every few seconds.
    part(
      "unfit",
      `systemctl -q is-active ${SLURM_WATCH} && ! systemctl -q is-failed ${SLURMCTLD} && exit 0; ` +
        `journalctl -q -u ${SLURM_WATCH} -u ${SLURMCTLD} --since=-1min -n 60 -o cat | grep '^slurm-ha: '`,
    ),
    // Why this machine could not switch the other one off.
    part(
      "fencing",
      `systemctl -q is-failed ${SLURM_FENCING} || exit 0; ` +
        `journalctl -q -u ${SLURM_FENCING} -n 20 -o cat | grep '^slurm-ha: ' | tail -n 1`,
    ),
  ],
  read,
  findings,
  rows: (state, status, c) => [
    ["Slurm", controllers(state, status, c)],
    ["", compute(state, c)],
  ],
  faults({ refusals }, { name, faults }, status) {
    const why = refusals[name];
    const command = remedy(faults, why);
    return {
      why: why && `slurm-ha said last: ${why}.`,
      mend: command && on(status, name, command),
    };
  },
};

/** Units without which a controller would not get the VIP. */
const FITNESS = [SLURM_WATCH, KEEPALIVED];

function read(controllers: MachineHealth[], part: Part): Slurm {
  const said = controllers.map(({ name }) => ({ name, text: part(name, "slurm") }));
  const primary = said.find(({ text }) => /^Slurmctld\(.*\) at .* is UP$/m.test(text ?? ""));
  const jobs: Record<string, number> = {};
  for (const [, state = ""] of primary?.text?.matchAll(/^job (\S+)$/gm) ?? []) {
    jobs[state] = (jobs[state] ?? 0) + 1;
  }
  const nodes = [...(primary?.text?.matchAll(/^node (\S+) (.*)$/gm) ?? [])];
  return {
    primary: primary?.name,
    backups: controllers
      .filter((m) => !m.vips.includes("slurm"))
      .map((m) => ({ name: m.name, fit: runs(m, ...FITNESS) })),
    refusals: Object.fromEntries(
      controllers.flatMap(({ name }) => {
        const reason = refusal(part(name, "unfit") ?? "") ?? refusal(part(name, "fencing") ?? "");
        return reason === undefined ? [] : [[name, reason]];
      }),
    ),
    accounting: controllers.filter((m) => runs(m, SLURMDBD)).map(({ name }) => name),
    jobs: primary ? jobs : undefined,
    ...stateShare(controllers.map(({ name }) => part(name, "share"))),
    nodes: nodes.map(([, name = "", said = ""]) => ({ name, ...readNodeState(said) })),
  };
}

/** Whether all of these units run on a machine; undefined when it did not tell in time. */
const runs = ({ health, faults, late }: MachineHealth, ...units: string[]): boolean | undefined =>
  late.includes("units")
    ? undefined
    : health !== NO_ANSWER && !faults.some((unit) => units.includes(unit));

/** The newest refusal in slurm-ha's messages; one that a person has to answer is not lost among those that follow. */
function refusal(text: string): string | undefined {
  const said = lines(text)
    .map((line) => line.replace("slurm-ha: ", ""))
    .filter((line) => line !== "" && !/^epoch \d|switched off|is off$/.test(line));
  return said.findLast((line) => line.includes("slurm-ha fenced")) ?? said.at(-1);
}

const someLate = (status: Status, part: string) =>
  machinesIn(status, "controllers").some((m) => m.late.includes(part));

/** What starts units again; undefined where only a person can decide what the truth is. */
function remedy(units: string[], refusal = ""): string | undefined {
  // The state share is mounted at boot.
  if (/is not mounted/.test(refusal)) return "systemctl reboot";
  const fenced = /slurm-ha fenced \S+/.exec(refusal)?.[0];
  if (fenced !== undefined) return fenced;
  // See docs/operations.md, "Who may write the job state".
  if (/is stale|is not the share|no proof|no job state|Read-only/.test(refusal)) return undefined;
  // slurmctld is started by keepalived where the VIP is, once slurm-watch finds the machine fit.
  const start = units.map((unit) => (unit === SLURMCTLD ? SLURM_WATCH : unit));
  return `systemctl restart ${[...new Set(start)].join(" ")}`;
}

function findings(slurm: Slurm, status: Status): Finding[] {
  const { primary, accounting, nodes } = slurm;
  const found: Finding[] = [];
  const holder = holderOf(status, "slurm");
  if (primary === undefined && holder !== undefined && !isLate(status, holder, "slurm")) {
    found.push({
      severity: "down",
      what:
        `${holder} holds the Slurm VIP, but no slurmctld answers there. After a start it may take a minute to load; ` +
        "the command lets the other controller have it.",
      mend: on(status, holder, `systemctl restart ${KEEPALIVED}`),
    });
  }
  if (accounting.length === 0 && !someLate(status, "units")) {
    found.push({ severity: "down", what: "No slurmdbd runs: accounting is down. Jobs go on." });
  }
  found.push(...shareFindings(slurm, status));
  if (primary === undefined) return found;
  return [...found, ...nodeFindings(nodes, status, primary)];
}

function controllers({ primary, backups, accounting }: Slurm, status: Status, c: Colors): string {
  const fit = (b: Slurm["backups"][number]) =>
    b.fit === undefined ? `${b.name} ?` : b.fit ? b.name : `${b.name} not fit`;
  const nobody = someLate(status, "units") ? mark(undefined, "?", c) : c.red("none");
  return [
    vipText(status, "slurm", c),
    primary !== undefined
      ? `primary ${c.green(primary)}`
      : someLate(status, "slurm")
        ? `primary ${mark(undefined, "?", c)}`
        : c.red("no slurmctld answers"),
    ...backups.map((b) => `backup ${mark(b.fit, fit(b), c)}`),
    `slurmdbd on ${accounting.length > 0 ? c.green(accounting.join(", ")) : nobody}`,
  ].join(" · ");
}

function compute({ jobs, nodes }: Slurm, c: Colors): string {
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
