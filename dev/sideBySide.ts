import execa from "execa";
import { type Progress, step } from "../lib/progress";
import type { Stage } from "./stages";

/**
 * Before a command: it gets what nobody else wants of the processors. Where the kernel weighs sessions against each other
 * before it looks into them, that takes a session of its own.
 */
const YIELDING = [
  ...["sh", "-c", 'echo 19 2>/dev/null >/proc/self/autogroup; exec chrt --idle 0 "$@"', "sh"],
];

/**
 * Runs several lists of stages at the same time, each list one after the other; a list stops at its first stage that
 * fails, the others go on. What a stage says is shown when it is over.
 * @param yielding whether they give way to everything else that is at work. Default false
 * @returns whether all passed
 */
export async function sideBySide(
  lists: Stage[][],
  progress: Progress,
  yielding = false,
): Promise<boolean> {
  const passed = await Promise.all(lists.map((list) => one(list, progress, yielding)));
  return passed.every(Boolean);
}

async function one(list: Stage[], progress: Progress, yielding: boolean): Promise<boolean> {
  for (const { name, command, cwd, env } of list) {
    const [file = "", ...args] = yielding ? [...YIELDING, ...command] : command;
    let said = "";
    try {
      await step(name, progress, async () => {
        const child = execa(file, args, {
          preferLocal: true,
          stdin: "ignore",
          all: true,
          cwd,
          detached: yielding,
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
