import execa from "execa";
import { beforeAll, expect, it } from "vitest";
import type { StackOutputs } from "../../site/stack";
import { machinesOf } from "../../plan/outputs";
import { baseState, stack } from "../support/site";

let outputs: StackOutputs;
beforeAll(async () => {
  outputs = await baseState();
});

/** What a container has written to its console, which nobody reads, in a second. */
async function consoleOf(machine: string): Promise<string> {
  const domain = `${stack.prefix}-${machine}`;
  const tty = (await execa("virsh", ["-q", "-c", "lxc:///system", "ttyconsole", domain])).stdout;
  return (await execa("timeout", ["1", "cat", tty], { reject: false })).stdout;
}

/** What systemd says before it has read its settings; a console holds four times that. */
const AT_BOOT = 1024;

it("hardly anything is written to the consoles: systemd stands still when one is full", async () => {
  const said = machinesOf(outputs).map(async ({ name }) => [name, await consoleOf(name)] as const);
  expect((await Promise.all(said)).filter(([, text]) => text.length > AT_BOOT)).toEqual([]);
});
