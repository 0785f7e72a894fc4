import { createInterface } from "node:readline";
import type { StackOutputs } from "../../site/stack";
import { ask, eventually, stack } from "../support/site";

/** The machine that a line of `pulumi up` says is being changed. Pure. */
export const changing = (line: string, tier: string): string | undefined =>
  new RegExp(`▶ ${tier}: ([\\w-]+)\\s*$`).exec(line)?.[1];

/**
 * `pulumi up`, and a signal to it in the middle of the first machine that it changes.
 * @param middle shell text for that machine: succeeds when it is half done
 * @returns the machine, and all that was said
 * @throws Error when it was over before, or succeeded
 */
export async function cutOff(
  signal: "SIGINT" | "SIGKILL",
  outputs: StackOutputs,
  tier: string,
  middle: string,
): Promise<{ machine: string; said: string }> {
  const run = stack.start("up", "--yes", "--skip-preview");
  const output = run.all;
  if (!output) throw new Error("no output");
  let machine: string | undefined;
  let said = "";
  const half = async (found: string) => {
    await eventually(`${found} is half done`, 60, async () => {
      const { failed } = await ask(outputs, found, middle, { reject: false });
      return !failed;
    });
    console.log(`    ${signal} while ${found} is changed`);
    run.kill(signal, { forceKillAfterTimeout: false });
  };
  let sent: Promise<void> | undefined;
  const watch = (async () => {
    for await (const line of createInterface(output)) {
      said += `${line}\n`;
      machine ??= changing(line, tier);
      if (machine === undefined || sent) continue;
      sent = half(machine);
      // Told where it is awaited.
      sent.catch(() => undefined);
    }
  })();
  const failed = await run.then(
    () => false,
    () => true,
  );
  await sent;
  // After SIGKILL its children may hold the output open for a moment.
  await watch;
  if (machine === undefined) throw new Error(`no machine of ${tier} was changed: ${said}`);
  if (!failed) throw new Error(`it was not cut off: ${said}`);
  return { machine, said };
}
