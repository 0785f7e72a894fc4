/**
 * A machine that is being worked on has a mark of it on its own disk, whoever does it from wherever: one that is found
 * later was left half-way, and is put right by the next run.
 */

/** What may be done to a machine. */
export type Work = "change" | "restart";

const DIRECTORY = "/var/lib/hpc-ha";
const file = (work: Work) => `${DIRECTORY}/${work}`;

/** Shell text: sets the mark. */
export const setMark = (work: Work): string => `mkdir -p ${DIRECTORY} && date -Is >${file(work)}`;

/** Shell text: takes it away. */
export const clearMark = (work: Work): string => `rm -f ${file(work)}`;

/** Shell text: says "marked" where there is one. */
export const lookForMark = (work: Work): string => `if [ -e ${file(work)} ]; then echo marked; fi`;
