import type { Status } from "../../components/look";
import type { SshTuning } from "../../lib/ssh";
import { machinesOf, type SiteOutputs } from "../../plan/outputs";
import { questions } from "../health";
import { ask, type Patience } from "./ask";
import { evaluate } from "./evaluate";
import { isUnsure, patienceAgain, settle } from "./silence";

/**
 * The commands are to take less than 3 s also when machines are dead: about 1 s passes before machines are asked, and
 * those of the lab have all spoken 0.5 s later. When this machine is so busy that it takes longer, it does.
 */
export const PATIENCE: Patience = { first: 1.7, factor: 2, least: 0.4, most: 6, each: 1 };

/**
 * Asks all machines of a site at once how they are, and those that did not say everything in time once more.
 * @param tuning of the connections
 */
export async function look(
  stack: string,
  site: SiteOutputs,
  patience: Patience,
  tuning: SshTuning = {},
): Promise<Status> {
  const script = ({ tier }: { tier: string }) => questions(tier, site);
  const first = await ask(machinesOf(site), site.ssh, script, patience, tuning);
  const unsure = first.filter(isUnsure).map((reply) => reply.machine);
  // By a connection of their own: a shared one may be what hangs.
  const alone = { ...tuning, shared: undefined };
  const again = await ask(unsure, site.ssh, script, patienceAgain(first), alone);
  return evaluate(stack, site, settle(first, again));
}
