import execa from "execa";
import pc from "picocolors";

/** One step of a longer run: a command of node_modules/.bin or the PATH. */
export interface Stage {
  name: string;
  command: string[];
  env?: NodeJS.ProcessEnv;
}

/**
 * Runs stages one after the other, shows each with its time, and stops at the first that fails.
 * Returns whether all passed.
 */
export async function stages(list: Stage[]): Promise<boolean> {
  const start = Date.now();
  const elapsed = (since: number) => `${((Date.now() - since) / 1000).toFixed(1)} s`;
  for (const { name, command, env } of list) {
    console.log(pc.bold(`▶ ${name}`));
    const begun = Date.now();
    const [file = "", ...args] = command;
    const result = await execa(file, args, {
      preferLocal: true,
      stdio: "inherit",
      env,
      reject: false,
    });
    if (result.failed) {
      console.error(pc.red(`✖ ${name} failed after ${elapsed(begun)}: ${command.join(" ")}`));
      return false;
    }
    console.log(pc.green(`✔ ${name} (${elapsed(begun)})`));
  }
  console.log(pc.green(`All passed in ${elapsed(start)}`));
  return true;
}
