/**
 * What systemd does for the service, where there is none: `supervisor.ts STACK` starts it, and again when it ends, until it
 * is told to end itself.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { projectRoot } from "../../lib/project";

/** Between its end and the next start, s: as in the unit. */
const AGAIN = 5;

function supervise(stack: string): void {
  let child: ChildProcess | undefined;
  let ending = false;
  let timer: NodeJS.Timeout | undefined;
  const start = () => {
    child = spawn("node", ["--import", "tsx", "autoscaler/service/main.ts", stack], {
      cwd: projectRoot,
      stdio: ["ignore", "inherit", "inherit"],
    });
    child.once("error", (error) => console.error(error.message));
    child.once("close", (code, signal) => {
      child = undefined;
      if (ending) process.exit(0);
      console.error(`the service ended (${signal ?? code}); again in ${AGAIN} s`);
      timer = setTimeout(start, AGAIN * 1000);
    });
  };
  const end = () => {
    ending = true;
    clearTimeout(timer);
    if (child) child.kill("SIGTERM");
    else process.exit(0);
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  start();
}

supervise(process.argv[2] ?? "");
