import { step } from "../../lib/progress";
import { GATE_SECONDS, openGate } from "../../rollout/gate";
import { patient, type RunningSite } from "../../rollout/roll";
import { Proxies } from "./proxies";
import { roll } from "./roll";

/**
 * Moves the web and data VIPs to the other HAProxy node; what runs is finished, new connections wait about a second.
 * @returns exit code: 1 when it was refused
 */
export async function switchover(site: RunningSite): Promise<number> {
  const { machines, outputs, progress } = site;
  if (machines.names("entry").length < 2) {
    progress("Refused, and nothing was changed:\n  - this site has no other HAProxy node");
    return 1;
  }
  const proxies = new Proxies(machines, outputs.vips.web);
  const work = roll(site);
  const missing = await step("Are both HAProxy nodes fit?", progress, () => work.missing());
  const from = await proxies.holder();
  if (missing !== "" || from === undefined) {
    progress(`Refused, and nothing was changed:\n  - ${missing || "nobody holds the VIPs now"}`);
    return 1;
  }
  await step(`Moving the web and data VIPs away from ${from}`, progress, async () => {
    await work.relieve?.(from);
    await openGate(work, "entry", patient(site, GATE_SECONDS));
  });
  progress(
    `${await proxies.holder()} holds the web VIP (${outputs.vips.web}) and the data VIP (${outputs.vips.data}).`,
  );
  progress("Back again: npx hpc switchover entry");
  return 0;
}
