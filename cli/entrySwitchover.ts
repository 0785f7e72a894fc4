import { type Progress, step } from "../lib/progress";
import { type Machines } from "../lib/machines";
import { tierWork } from "./restart/tiers";
import { openGate } from "../rollout/work";
import { Entry } from "./restart/haproxy";
import type { PublicOutputs } from "./stack";

/**
 * Moves the web and data VIPs to the other HAProxy node; what runs is finished, new connections wait about a second.
 * @returns exit code: 1 when it was refused
 */
export async function switchoverEntry(
  machines: Machines,
  outputs: PublicOutputs,
  progress: Progress,
): Promise<number> {
  if (machines.names("entry").length < 2) {
    progress("Refused, and nothing was changed:\n  - this site has no other HAProxy node");
    return 1;
  }
  const entry = new Entry(machines, outputs.vips.web);
  const work = tierWork(machines, outputs, progress).entry;
  const missing = await step("Are both HAProxy nodes fit?", progress, () => work.missing());
  const from = await entry.holder();
  if (missing !== "" || from === undefined) {
    progress(`Refused, and nothing was changed:\n  - ${missing}`);
    return 1;
  }
  await step(`Moving the web and data VIPs away from ${from}`, progress, async () => {
    await work.relieve?.(from);
    await openGate(work, "entry");
  });
  progress(
    `${await entry.holder()} holds the web VIP (${outputs.vips.web}) and the data VIP (${outputs.vips.data}).`,
  );
  progress("Back again: npx hpc switchover entry");
  return 0;
}
