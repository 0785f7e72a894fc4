import execa from "execa";
import { type Progress, step } from "../lib/progress";

/** One step of a longer run: a command of node_modules/.bin or the PATH. */
export interface Stage {
  name: string;
  command: string[];
  /** Directory in the project; default is its root. */
  cwd?: string;
  env?: NodeJS.ProcessEnv;
}

/** Runs stages one after the other and stops at the first that fails. Returns whether all passed. */
export async function stages(list: Stage[], progress: Progress): Promise<boolean> {
  for (const { name, command, cwd, env } of list) {
    const [file = "", ...args] = command;
    try {
      await step(name, progress, () =>
        execa(file, args, { preferLocal: true, stdio: "inherit", cwd, env }),
      );
    } catch {
      progress(
        `  to repeat only this: ${cwd === undefined ? "" : `cd ${cwd} && `}npx ${command.join(" ")}`,
      );
      return false;
    }
  }
  return true;
}
