import { type Finding, isSick, machinesIn, on, type Status } from "../look";
import { bySlurm, drainedByUs } from "../slurm/nodeState";
import type { ComputeNode } from "./look";

/** Whether a compute node takes no jobs although nobody wanted that: what an administrator took down is not a fault. */
function isLost(node: ComputeNode): boolean {
  const { state, reason } = node;
  if (/^drain/i.test(state)) return bySlurm(node);
  if (/^(down|fail)/i.test(state)) return bySlurm(node) || reason === undefined;
  return /^(error|unk|inval)|\*/i.test(state);
}

/** What is wrong with the nodes, as Slurm says it. @param primary where slurmctld answers */
export function nodeFindings(nodes: ComputeNode[], status: Status, primary: string): Finding[] {
  const found: Finding[] = [];
  const lost = nodes.filter(isLost);
  const all = nodes.length > 0 && lost.length === nodes.length;
  if (all) found.push({ severity: "down", what: "No compute node can run jobs." });
  const made = machinesIn(status, "compute").map(({ name }) => name);
  // Of the owner's machines, which nobody here can ask.
  const silent = lost.filter((n) => !made.includes(n.name) && /^unk|\*/i.test(n.state));
  found.push(...unreported(silent), ...keptDrained(nodes.filter(drainedByUs), status, primary));
  for (const { name, state, reason } of lost.filter(
    (n) => !isSick(status, n.name) && !silent.includes(n),
  )) {
    found.push({
      severity: "reduced",
      what: `Slurm gives ${name} no jobs: it is ${state}${reason === undefined ? "" : ` (${reason})`}.`,
      mend: on(status, primary, `scontrol update nodename=${name} state=resume`),
    });
  }
  return found;
}

/** Machines that are named at most. */
const NAMED = 10;

const namesOf = (nodes: ComputeNode[]): string => {
  const names = nodes.slice(0, NAMED).map(({ name }) => name);
  return nodes.length > NAMED
    ? `${names.join(", ")}, and ${nodes.length - NAMED} more`
    : names.join(", ");
};

/** Nodes that a change or a restart has drained, and not given back: it waits for their jobs, or has stopped. */
function keptDrained(nodes: ComputeNode[], status: Status, primary: string): Finding[] {
  if (nodes.length === 0) return [];
  const all = nodes.map(({ name }) => name).join(",");
  return [
    {
      severity: "reduced",
      what:
        `A change or a restart has drained these nodes, and has not ended: ${namesOf(nodes)}. Slurm gives them no jobs. ` +
        "The same command goes on when theirs have ended; this one gives them back.",
      mend: on(status, primary, `scontrol update nodename=${all} state=resume`),
    },
  ];
}

function unreported(nodes: ComputeNode[]): Finding[] {
  if (nodes.length === 0) return [];
  return [
    {
      severity: "reduced",
      what:
        `Of the machines of slurm.nodeGroups (hosts) these have not reported: ${namesOf(nodes)}. ` +
        "There: `journalctl -u slurmd`; where they are reached by ssh `pulumi up --refresh` puts them right, else what `npx hpc node-kit` wrote.",
    },
  ];
}
