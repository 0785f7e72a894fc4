/** What Slurm says of a compute node, and whose doing that is. */

export interface NodeState {
  /** Slurm's word, e.g. idle; a * behind it means that it does not answer slurmctld. */
  state: string;
  /** Why it takes no jobs, and who said so (slurm: Slurm itself); undefined when nobody did. */
  reason?: string;
  by?: string;
}

/** Of sinfo: what readNodeState reads. */
export const NODE_STATE = "%T %u %E";

export function readNodeState(text: string): NodeState {
  const [, state = text.trim(), by, reason] = /^(\S+) (\S+) (.*)$/.exec(text.trim()) ?? [];
  return reason === undefined || reason === "none" ? { state } : { state, by, reason };
}

/** Reason with which a change drains a node. */
export const OURS = "hpc-ha";

/** Reasons that Slurm itself gives: a reconfiguration forgets who gave one, and says root (22.05). */
const SLURMS =
  /^(not responding|low |node unexpectedly rebooted|kill task failed|prolog error|epilog error|gres\/|duplicate jobid|batch job)/i;

/** Whether Slurm itself took it down. */
export const bySlurm = ({ by, reason }: NodeState): boolean =>
  by === "slurm" || (reason !== undefined && SLURMS.test(reason));

/** Whether a person drained it: then it is no fault, and stays so. */
export const byPerson = (node: NodeState): boolean =>
  /^(drain|drng)/i.test(node.state) &&
  node.reason !== undefined &&
  !node.reason.startsWith(OURS) &&
  !bySlurm(node);

/** Whether a change or a restart has drained it: one that was cut off, or waits for its jobs. */
export const drainedByUs = ({ state, reason }: NodeState): boolean =>
  /^(drain|drng)/i.test(state) && reason?.startsWith(OURS) === true;
