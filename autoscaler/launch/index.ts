import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { userInfo } from "node:os";
import * as path from "node:path";
import execa from "execa";
import { stateDirectory } from "../../site/stack/backend";
import { hpcHome } from "../../lib/home";
import { forgetImageRefresh } from "../../lib/imageRefresh";
import { startOf } from "../../lib/processes";
import { projectRoot } from "../../lib/project";
import { until } from "../../lib/wait";
import { placeOf } from "../place";
import { imageUnitNames, renderImageUnits, renderUnit, unitName } from "./unit";

/** Variables of Pulumi and of what it runs that the unit takes over. Secrets are in the files that they name. */
const ENVIRONMENT = [
  "PATH",
  "PULUMI_HOME",
  "PULUMI_BACKEND_URL",
  "PULUMI_CONFIG_PASSPHRASE_FILE",
  "AWS_PROFILE",
  "AWS_REGION",
  "AWS_SHARED_CREDENTIALS_FILE",
  "HPC_HA_DEBIAN_MIRROR",
];
/** The service ends within this time, s: an update goes on without it. */
const ENDS = 30;

/** What of the stack's outputs says how it is started. */
interface Told {
  mountsHere: boolean;
  config: { imageDays?: number | undefined };
}

const hasSystemd = (): boolean => fs.existsSync("/run/systemd/system");

/** Directory of the units. */
const UNITS = "/etc/systemd/system";

/**
 * Starts the service of a stack, and at every boot where there is systemd, with the timer of its image where one is asked
 * for; one that runs is started anew. Without systemd there is no such timer: that is a lab of hours or days, and
 * `npm run lab` renews the image itself.
 * @param told `mountsHere`: see AutoscalerOutputs; `imageDays`: as in the config
 * @returns how it runs, in words
 * @throws Error when it may not
 */
export async function startService(
  stack: string,
  { mountsHere, config: { imageDays } }: Told,
): Promise<string> {
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
  const settings = {
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
  };
  fs.writeFileSync(path.join(UNITS, unit), renderUnit(settings));
  const image = imageUnitNames(stack);
  if (imageDays !== undefined) {
    const { service, timer } = renderImageUnits(settings, imageDays);
    fs.writeFileSync(path.join(UNITS, image.service), service);
    fs.writeFileSync(path.join(UNITS, image.timer), timer);
  }
  await execa("systemctl", ["daemon-reload"]);
  await execa("systemctl", ["enable", "--now", unit]);
  if (imageDays !== undefined) await execa("systemctl", ["enable", "--now", image.timer]);
  return `${unit}; its log: journalctl -u ${unit}`;
}

/** Ends the service of a stack, if it runs, its start at boot, and the timer of its image. */
export async function stopService(stack: string): Promise<void> {
  const image = imageUnitNames(stack);
  const there = (unit: string) => fs.existsSync(path.join(UNITS, unit));
  if (hasSystemd() && [unitName(stack), image.timer].some(there)) {
    const begun = [unitName(stack), image.timer].filter(there);
    await execa("systemctl", ["disable", "--now", ...begun]);
    // An image that is just being built gets ready.
    for (const unit of [...begun, image.service])
      fs.rmSync(path.join(UNITS, unit), { force: true });
    await execa("systemctl", ["daemon-reload"]);
  }
  forgetImageRefresh(hpcHome(), stack);
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
