import execa from "execa";
import { projectRoot } from "../../lib/project";
import { stack } from "./site";

/** Runs `npx hpc …` on the suite's stack, and shows what it says as it goes; exit code and all that it said. */
export async function hpc(...args: string[]): Promise<{ code: number; said: string }> {
  const child = execa("cli/hpc", [...args, "--stack", stack.name], {
    cwd: projectRoot,
    all: true,
    reject: false,
  });
  child.all?.pipe(process.stdout);
  const { exitCode, all } = await child;
  return { code: exitCode, said: all ?? "" };
}
