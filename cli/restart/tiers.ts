import type { Progress } from "../../toolchain/progress";
import type { Machines } from "../machines";
import type { PublicOutputs } from "../stack";
import { galera, redis } from "./data";
import { Entry } from "./haproxy";
import type { Tier } from "./plan";
import { compute, slurm } from "./slurm";
import { haproxy, web } from "./web";
import type { TierWork } from "./work";

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
    haproxy: haproxy(machines, entry, outputs),
    web: web(machines, entry, outputs, progress),
    slurm: slurm(machines, outputs, progress),
    compute: compute(machines),
  };
}
