import * as fs from "node:fs";
import execa from "execa";
import { elapsed, type Progress } from "../lib/progress";
import { projectRoot } from "../lib/project";
import type { EnterRequest } from "./enter";

/** So many of its last lines are shown when a build fails; all of them are in its log. */
const SHOWN = 20;
/** How often a build says that it goes on, ms. */
const REMINDER = 20_000;

/** @param what is built, and the command that does it @throws when this user cannot build */
export function mayBuild(what = "A service with `build`", command = "`pulumi up`"): void {
  if (process.getuid?.() === 0) return;
  throw new Error(
    `${what} is built in a root file system of its own: run ${command} as root (\`sudo -E\`)`,
  );
}

/** What is built: a shell command in a directory. */
export type Build = Omit<EnterRequest, "environment"> & {
  /** In words. */
  what: string;
  /** File for all that it says. */
  log: string;
  /** Root file system in which it is built; it is not changed. Default: one like the web nodes', with what services need. */
  environment?: string;
};

/**
 * Runs a build in its tree: in a root file system like the nodes', at the path that it has there, as a user without
 * rights and with the network and package settings of this machine. Nothing else of it is kept.
 * @throws with the build's last lines
 */
export async function buildIn(
  { what, log, environment, ...inside }: Build,
  progress: Progress,
): Promise<void> {
  const request: EnterRequest = { ...inside, environment: environment ?? (await usual()) };
  const { build } = request;
  const start = Date.now();
  progress(`${what}: building (log: ${log})`);
  const reminder = setInterval(
    () => progress(`${what}: building, ${elapsed(start)} so far`),
    REMINDER,
  );
  const output = fs.openSync(log, "w", 0o600);
  // All processes of the build end with the first one, that one with unshare, and unshare with this program.
  const apart = ["--pdeathsig=KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child"];
  const child = execa("setpriv", [...apart, "node", "--import", "tsx", "releases/enter.ts"], {
    cwd: projectRoot,
    input: JSON.stringify(request),
    stdout: output,
    stderr: output,
    reject: false,
  });
  // unshare takes no other signal.
  const stop = () => void child.kill("SIGKILL");
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);
  try {
    const { exitCode, failed, signal } = await child;
    if (!failed) return;
    const lines = fs.readFileSync(log, "utf8").trimEnd().split("\n");
    const why = signal ?? `exit code ${exitCode}`;
    throw new Error(
      [`\`${build}\` failed (${why}; log: ${log}):`, ...lines.slice(-SHOWN)].join("\n  "),
    );
  } finally {
    clearInterval(reminder);
    fs.closeSync(output);
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, stop);
  }
}

async function usual(): Promise<string> {
  const { stdout } = await execa("node", ["--import", "tsx", "image/buildEnvironment.ts"], {
    cwd: projectRoot,
    stdio: ["ignore", "pipe", "inherit"],
  });
  return stdout.trim();
}
