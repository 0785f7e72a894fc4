import { userInfo } from "node:os";
import { placeOf } from "../../autoscaler/place";
import { callService } from "../../autoscaler/service/client";
import { elapsed } from "../../lib/progress";
import { until } from "../../lib/wait";
import type { Context } from "../command";
import { durationOf } from "../duration";

/** How long a person's size holds unless they say. */
const USUAL = "1h";
/** The pool is as wanted within this time, s: a drain and a new machine with all that may come between. */
const CHANGES = 1200;

/**
 * `npx hpc scale SIZE --hold TIME`: the pool has this size for so long, whatever load and schedule ask for; then the
 * autoscaler has it back. `npx hpc scale auto` gives it back now.
 */
export async function scale(context: Context): Promise<number> {
  const { stack, outputs, args, flags, progress } = context;
  const [word = ""] = args;
  if (outputs.console === undefined) {
    throw new Error(
      "the size of the pool is the config's, since autoscaler.enabled is false: " +
        `pulumi config set webReplicas ${word || "N"} && pulumi up`,
    );
  }
  const service = callService(placeOf(stack.name).socket);
  const by = userInfo().username;
  if (word === "auto") {
    await service.order({ kind: "release" }, by);
    progress("The size of the pool is the autoscaler's again. Look: npx hpc why");
    return 0;
  }
  const { min, max } = outputs.webPool;
  const size = Number(word);
  if (!Number.isInteger(size) || size < min || size > max) {
    throw new Error(`SIZE = "${word}": allowed is ${min} to ${max} (web.min, web.max), or auto`);
  }
  const [hold = USUAL] = flags["hold"] ?? [];
  const until_ = Date.now() + durationOf("--hold", hold) * 1000;
  const start = Date.now();
  await service.order({ kind: "hold", size, until: until_ }, by);
  progress(`The pool has ${size} nodes until ${new Date(until_).toLocaleString()}`);
  let told = "";
  await until(`a pool of ${size}`, CHANGES, async () => {
    const { pool, update, alerts } = await service.snapshot();
    const now = update?.what ?? `in the pool: ${pool.join(", ")}`;
    if (now !== told) progress(`  ${now}`);
    told = now;
    const failed = alerts.find(({ name }) => name === "ScalingFailed" || name === "CloneOutdated");
    if (failed) throw new Error(failed.summary);
    return update === undefined && pool.length === size;
  });
  progress(
    `The pool has ${size} nodes (${elapsed(start)}). The size back to load and schedule: npx hpc scale auto`,
  );
  return 0;
}
