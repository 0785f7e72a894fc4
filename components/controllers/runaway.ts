/** Jobs that the accounting takes for running or waiting, and slurmctld does not know: they count in fair share and reports. */
import { type Finding, on, part, type Status } from "../look";

/** Longest wait for slurmdbd, s: less than what is waited for any part of an answer. Without a word nothing is said. */
const PATIENCE = 0.8;
/** At most so many are told. */
const MOST = 1000;
/** Of which so many are named. */
const NAMED = 5;

/**
 * Asks where the VIP is. Not by `sacctmgr show runawayjobs`, which mends them in the database before it asks whether it
 * may, and takes that back. slurmdbd is asked first: what ends meanwhile slurmctld still knows for a minute.
 */
export const runawayQuestion = (vip: string): string =>
  part(
    "runaway",
    `ip -o -4 address | grep -qF ' ${vip}/' || exit 0; ` +
      `{ timeout ${PATIENCE} sacct -n -P -a -X -s R,PD,S -o JobIDRaw; echo ==; squeue -h -t all -o %A && echo ok; } | ` +
      `awk '$1 == "==" { known = 1 } $1 == "ok" { ok = 1 } known { delete open[$1] } !known { open[$1] = 1 } ` +
      `END { if (ok) for (job in open) print "runaway " job }' | head -n ${MOST}`,
  );

/** Ids in what was answered. */
export const runawayIn = (text = ""): number[] =>
  [...text.matchAll(/^runaway (\d+)$/gm)].map((m) => Number(m[1])).sort((a, b) => a - b);

/** @param ids of them @param holder the machine with the VIP */
export function runawayFindings(ids: number[], holder: string, status: Status): Finding[] {
  if (ids.length === 0) return [];
  const more = ids.length > NAMED ? `, and ${ids.length - NAMED} more` : "";
  const jobs =
    ids.length === 1 ? "a job" : `${ids.length === MOST ? "at least " : ""}${ids.length} jobs`;
  return [
    {
      severity: "reduced",
      what:
        `The accounting takes ${jobs} for running or waiting that slurmctld does not know: ` +
        `${ids.slice(0, NAMED).join(", ")}${more}. The command lists them, and ends them there when you say so.`,
      mend: on(status, holder, "sacctmgr show runawayjobs"),
    },
  ];
}
