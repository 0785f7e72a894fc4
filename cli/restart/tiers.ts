import type { Progress } from "../../lib/progress";
import type { Machines } from "../../lib/machines";
import type { PublicOutputs } from "../stack";
import { galera, redis } from "./data";
import { Entry } from "./haproxy";
import type { Tier } from "../../rollout/plan";
import { compute, slurm } from "./slurm";
import { haproxy, web } from "./web";
import type { TierWork } from "../../rollout/work";

/** The work on each tier of a site. */
export function tierWork(
  machines: Machines,
  outputs: PublicOutputs,
  progress: Progress,
): Record<Tier, TierWork> {
  const entry = new Entry(machines, outputs.vips.web);
  return {
    galera: galera(machines, entry),
    redis: redis(machines, entry),
    entry: haproxy(machines, entry, outputs),
    web: web(machines, entry, outputs, progress),
    controllers: slurm(machines, outputs, progress),
    compute: compute(machines),
  };
}
