import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { userInfo } from "node:os";
import * as path from "node:path";
import execa from "execa";
import { stateDirectory } from "../../site/stack/backend";
import { hpcHome } from "../../lib/home";
import { startOf } from "../../lib/processes";
import { projectRoot } from "../../lib/project";
import { until } from "../../lib/wait";
import { placeOf } from "../place";
import { renderUnit, unitName } from "./unit";

/** Variables of Pulumi and of what it runs that the unit takes over. Secrets are in the files that they name. */
const ENVIRONMENT = [
  "PATH",
  "PULUMI_HOME",
  "PULUMI_BACKEND_URL",
  "PULUMI_CONFIG_PASSPHRASE_FILE",
  "AWS_PROFILE",
  "AWS_REGION",
  "AWS_SHARED_CREDENTIALS_FILE",
];
/** The service ends within this time, s: an update goes on without it. */
const ENDS = 30;

const hasSystemd = (): boolean => fs.existsSync("/run/systemd/system");

/**
 * Starts the service of a stack, and at every boot where there is systemd; one that runs is started anew.
 * @returns how it runs, in words
 * @throws Error when it may not
 */
export async function startService(stack: string, mountsHere: boolean): Promise<string> {
  await stopService(stack);
  if (!hasSystemd()) {
    const { directory, supervisor, log } = placeOf(stack);
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
    const out = fs.openSync(log, "a", 0o600);
    const child = spawn("node", ["--import", "tsx", "autoscaler/launch/supervisor.ts", stack], {
      cwd: projectRoot,
      detached: true,
      stdio: ["ignore", out, out],
    });
    fs.closeSync(out);
    child.unref();
    const { pid = 0 } = child;
    fs.writeFileSync(supervisor, `${pid} ${startOf(pid)}\n`, { mode: 0o600 });
    return `process ${pid}; its log: ${log}`;
  }
  if (process.getuid?.() !== 0) {
    throw new Error("a service of systemd is installed by root: sudo -E npx hpc autoscaler start");
  }
  const unit = unitName(stack);
  const state = stateDirectory();
  const text = renderUnit({
    stack,
    projectRoot,
    home: hpcHome(),
    user: process.env["SUDO_USER"] ?? userInfo().username,
    writes: state === undefined ? [] : [path.dirname(state)],
    environment: Object.fromEntries(
      ENVIRONMENT.flatMap((name) => {
        const value = process.env[name];
        return value === undefined ? [] : [[name, value]];
      }),
    ),
    mountsHere,
  });
  fs.writeFileSync(`/etc/systemd/system/${unit}`, text);
  await execa("systemctl", ["daemon-reload"]);
  await execa("systemctl", ["enable", "--now", unit]);
  return `${unit}; its log: journalctl -u ${unit}`;
}

/** Ends the service of a stack, if it runs, and its start at boot. */
export async function stopService(stack: string): Promise<void> {
  const unit = unitName(stack);
  if (hasSystemd() && fs.existsSync(`/etc/systemd/system/${unit}`)) {
    await execa("systemctl", ["disable", "--now", unit]);
    fs.rmSync(`/etc/systemd/system/${unit}`);
    await execa("systemctl", ["daemon-reload"]);
  }
  const pid = supervisorOf(stack);
  if (pid !== undefined) {
    process.kill(pid, "SIGTERM");
    await until(`process ${pid} to end`, ENDS, () =>
      Promise.resolve(supervisorOf(stack) === undefined),
    );
  }
  fs.rmSync(placeOf(stack).supervisor, { force: true });
}

/** The supervisor's process, if it runs. */
function supervisorOf(stack: string): number | undefined {
  const { supervisor } = placeOf(stack);
  const [pid = "", started = ""] = fs.existsSync(supervisor)
    ? fs.readFileSync(supervisor, "utf8").trim().split(" ")
    : [];
  return started !== "" && startOf(Number(pid)) === started ? Number(pid) : undefined;
}
