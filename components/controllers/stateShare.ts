/** The state share: how full it is, and which jobs a crash has left on it. */
import { type Finding, machinesIn, on, part, type Status } from "../look";
import { STATE_SHARE } from "../slurm";
import type { Slurm } from "./look";

/** The state share as a controller sees it. */
export const shareQuestion = part(
  "share",
  `df --output=pcent,ipcent ${STATE_SHARE} | tail -n 1 | sed 's/^/full/'; ` +
    `for job in ${STATE_SHARE}/lost/*/; do [ ! -e "$job" ] || [ -e "$job/resubmitted" ] || echo "lost $job"; done`,
);

/** What the controllers say of the share: the same, if they say something. */
export function stateShare(said: (string | undefined)[]): Pick<Slurm, "lost" | "full"> {
  const text = said.join("\n");
  const ids = [...text.matchAll(/^lost .*\/(\d+)\/$/gm)].map((m) => Number(m[1]));
  const full = [...text.matchAll(/^full +(\d+)% +(?:(\d+)%|-)/gm)].flatMap((m) => [
    Number(m[1]),
    Number(m[2] ?? 0),
  ]);
  return {
    lost: [...new Set(ids)].sort((a, b) => a - b),
    full: full.length === 0 ? undefined : Math.max(...full),
  };
}

/** From so full on the share is warned of, %: slurmctld ends when it cannot save, on both controllers. */
const FILLING = 80;
/** Lost jobs that are named. */
const NAMED = 5;

export function shareFindings({ lost, full }: Slurm, status: Status): Finding[] {
  const found: Finding[] = [];
  const [first] = machinesIn(status, "controllers");
  if (full !== undefined && full >= FILLING) {
    found.push({
      severity: "reduced",
      what: `The state share is ${full} % full. When it is full no controller can run. The command shows what takes the space.`,
      mend: first && on(status, first.name, `du -h -d 2 ${STATE_SHARE} | sort -h | tail`),
    });
  }
  if (lost.length > 0) {
    const more = lost.length > NAMED ? `, and ${lost.length - NAMED} more` : "";
    found.push({
      severity: "reduced",
      what: `A crash of slurmctld has taken ${lost.length === 1 ? "a job" : `${lost.length} jobs`}: ${lost.slice(0, NAMED).join(", ")}${more}. Their scripts are kept; the command lists them.`,
      mend: `npx hpc lost-jobs --stack ${status.stack}`,
    });
  }
  return found;
}
