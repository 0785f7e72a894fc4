import execa from "execa";
import { projectRoot } from "../../lib/project";
import { disturbed, stack } from "./site";

/** Commands that only look. */
const READING = ["status", "doctor"];

/** Runs `npx hpc …` on the suite's stack, and shows what it says as it goes; exit code and all that it said. */
export async function hpc(...args: string[]): Promise<{ code: number; said: string }> {
  if (!READING.includes(args[0] ?? "")) disturbed();
  const child = execa("node", ["--import", "tsx", "cli/hpc.ts", ...args, "--stack", stack.name], {
    cwd: projectRoot,
    all: true,
    reject: false,
  });
  child.all?.pipe(process.stdout);
  const { exitCode, all } = await child;
  return { code: exitCode, said: all ?? "" };
}
