import { userInfo } from "node:os";
import { startService, stopService } from "../../autoscaler/launch";
import { placeOf } from "../../autoscaler/place";
import { callService } from "../../autoscaler/service/client";
import type { Context } from "../command";

/** `npx hpc autoscaler start|stop|pause|resume|password`. */
export async function autoscaler(context: Context): Promise<number> {
  const { args, stack, outputs, progress } = context;
  const [word = ""] = args;
  const actions: Record<string, () => Promise<void>> = {
    start: async () => {
      const { autoscaler: told } = await stack.outputs();
      if (!told) throw new Error("autoscaler.enabled is false: set it, and `pulumi up` first");
      progress(`The autoscaler runs as ${await startService(stack.name, told)}`);
      progress(`Its page: ${outputs.console} (users viewer and operator). Look: npx hpc why`);
    },
    stop: async () => {
      await stopService(stack.name);
      progress(
        "The autoscaler has ended; the pool stays as it is. Again: npx hpc autoscaler start",
      );
    },
    pause: () => order("pause", "It looks and changes nothing until: npx hpc autoscaler resume"),
    resume: () => order("resume", "It is at work again. Look: npx hpc why"),
    password: async () => {
      const { autoscaler: told } = await stack.outputs();
      if (!told) throw new Error("autoscaler.enabled is false: there is no page");
      for (const [user, password] of Object.entries(told.passwords)) {
        console.log(`${user.padEnd(8)} ${password}`);
      }
    },
  };
  const order = async (kind: "pause" | "resume", said: string) => {
    await callService(placeOf(stack.name).socket).order({ kind }, userInfo().username);
    progress(said);
  };
  const action = Object.hasOwn(actions, word) ? actions[word] : undefined;
  if (!action) throw new Error(`autoscaler ${word}: one of ${Object.keys(actions).join(", ")}`);
  await action();
  return 0;
}
