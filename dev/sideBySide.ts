import execa from "execa";
import { type Progress, step } from "../lib/progress";
import type { Stage } from "./stages";

/**
 * Runs several lists of stages at the same time, each list one after the other; a list stops at its first stage that
 * fails, the others go on. What a stage says is shown when it is over.
 * @returns whether all passed
 */
export async function sideBySide(lists: Stage[][], progress: Progress): Promise<boolean> {
  const passed = await Promise.all(lists.map((list) => one(list, progress)));
  return passed.every(Boolean);
}

async function one(list: Stage[], progress: Progress): Promise<boolean> {
  for (const { name, command, cwd, env } of list) {
    const [file = "", ...args] = command;
    let said = "";
    try {
      await step(name, progress, async () => {
        const child = execa(file, args, {
          preferLocal: true,
          stdin: "ignore",
          all: true,
          cwd,
          env: { FORCE_COLOR: process.stdout.isTTY ? "1" : "0", ...env },
        });
        child.all?.on("data", (text: Buffer) => (said += text.toString()));
        await child;
      });
      progress(said.trimEnd());
    } catch {
      progress(said.trimEnd());
      progress(
        `  to repeat only this: ${cwd === undefined ? "" : `cd ${cwd} && `}npx ${command.join(" ")}`,
      );
      return false;
    }
  }
  return true;
}
