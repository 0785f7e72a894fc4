import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { elapsed, type Progress } from "../lib/progress";
import { projectRoot } from "../lib/project";
import type { EnterRequest } from "./enter";
import { artefacts } from "./release";

/** So many of its last lines are shown when a build fails; all of them are in its log. */
const SHOWN = 20;
/** How often a build says that it goes on, ms. */
const REMINDER = 20_000;

/** @throws when this user cannot build */
export function mayBuild(): void {
  if (process.getuid?.() === 0) return;
  throw new Error(
    "A service with `build` is built in a root file system of its own: run `pulumi up` as root (`sudo -E`)",
  );
}

/**
 * Runs the build of a release in its tree: in a root file system like the nodes', at the path that it has there, as a user
 * without rights and with the network and package settings of this machine. Nothing else of it is kept.
 * @param work directory on the same file system, for what is thrown away
 * @throws with the build's last lines
 */
export async function buildIn(
  { id, tree, work, build }: { id: string; tree: string; work: string; build: string },
  progress: Progress,
): Promise<void> {
  const environment = await execa("node", ["--import", "tsx", "image/buildEnvironment.ts"], {
    cwd: projectRoot,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const start = Date.now();
  const log = path.join(artefacts(), `${id}.log`);
  progress(`release ${id}: building (log: ${log})`);
  const reminder = setInterval(
    () => progress(`release ${id}: building, ${elapsed(start)} so far`),
    REMINDER,
  );
  const request: EnterRequest = { id, tree, work, build, environment: environment.stdout.trim() };
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
