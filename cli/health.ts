import execa from "execa";
import { SSH_FAILED } from "../programs/ready";
import { type MachineOutput, machinesOf, type PublicOutputs, type StackOutputs } from "./stack";

/** Units that must be active on a machine of each role. */
const UNITS: Record<string, string[]> = {
  controllers: ["munge", "slurmdbd", "slurm-watch", "keepalived"],
  compute: ["munge", "slurmd"],
  login: ["munge"],
  share: ["nfs-server"],
  redis: ["redis-server", "redis-sentinel"],
  galera: ["mariadb", "galera-check"],
  entry: ["haproxy", "haproxy-watch", "keepalived"],
};

/** What every machine is asked: what `judge` reads. Units that do not run are left out unless they failed. */
export const HEALTH_SCRIPT =
  "systemctl list-units --plain --no-legend --type=service; ip -o -4 address; df -l --output=pcent,target";
/** A file system that is so full leaves no time to do something about it, %. */
const FULL = 95;
/**
 * The first choice of OpenSSH 9 costs 0.1 s of CPU on each side (measured), for all machines of the lab together as
 * much as `status` may take. It protects against a later decryption; what is asked here are no secrets.
 */
const SSH_OPTIONS = ["-o", "BatchMode=yes", "-o", "KexAlgorithms=^curve25519-sha256"];

/** Health of a machine that said nothing. */
export const NO_ANSWER = "does not answer";

/** One machine as it is now. */
export interface MachineHealth extends MachineOutput {
  /** "ok", or what is not. */
  health: string;
  /** Units that should run and do not, and units that failed. */
  faults: string[];
  /** Its own file systems that are full, or will be soon. */
  full: { path: string; percent: number }[];
  /** VIPs that it holds. */
  vips: string[];
}

/** What a machine said. */
export interface Answer {
  machine: MachineOutput;
  /** Undefined when it did not answer in time. */
  text: string | undefined;
}

/** How long machines are waited for. */
export interface Patience {
  /** For the first of them to say anything, s. */
  first: number;
  /** For the others, all the same: as a multiple of the time that the slowest that has spoken needed for it. */
  factor: number;
  /** At least so much longer than that one, s. */
  least: number;
  /** At most for all that each has to say, s. */
  most: number;
}

/**
 * Runs a shell script as root on all machines at once. A machine that says nothing while the others have long begun to
 * does not answer: so dead machines cost little time, and where all are slow because they are busy, none is taken for
 * dead.
 */
export async function ask(
  outputs: PublicOutputs,
  script: (machine: MachineOutput) => string,
  { first, factor, least, most }: Patience,
): Promise<Answer[]> {
  const start = performance.now();
  const silent = new Set<execa.ExecaChildProcess>();
  const giveUp = () => silent.forEach((child) => child.kill());
  let timer = setTimeout(giveUp, first * 1000);
  const answers = machinesOf(outputs).map(async (machine) => {
    const [file = "", ...args] = outputs.login.replace("ADDRESS", machine.address).split(" ");
    const child = execa(file, [...args, ...SSH_OPTIONS, script(machine)], {
      reject: false,
      stdin: "ignore",
      timeout: Math.round(most * 1000),
    });
    silent.add(child);
    child.stdout?.once("data", () => {
      silent.delete(child);
      clearTimeout(timer);
      const needed = performance.now() - start;
      timer = setTimeout(giveUp, Math.max(needed * (factor - 1), least * 1000));
    });
    const { exitCode, stdout } = await child;
    silent.delete(child);
    // Other codes are of the script, whose last question may have had no answer.
    const lost = exitCode === undefined || exitCode === SSH_FAILED;
    return { machine, text: lost ? undefined : stdout };
  });
  return Promise.all(answers).finally(() => clearTimeout(timer));
}

/** Waits for machines as a person who wants to be sure. */
export const PATIENT: Patience = { first: 5, factor: 1, least: 5, most: 5 };

/** The health of all machines; one that does not answer within the patience is down. */
export async function machineHealth(
  outputs: StackOutputs,
  patience: Patience = PATIENT,
): Promise<MachineHealth[]> {
  return (await ask(outputs, () => HEALTH_SCRIPT, patience)).map((answer) =>
    judge(answer, outputs),
  );
}

/** Judges what a machine answered to HEALTH_SCRIPT: units that should run, failed ones, and full disks. */
export function judge(
  { machine, text }: Answer,
  outputs: Pick<PublicOutputs, "vips" | "urls">,
): MachineHealth {
  if (text === undefined) return { ...machine, health: NO_ANSWER, faults: [], full: [], vips: [] };
  const states = new Map(
    [...text.matchAll(/^\s*(\S+)\.service\s+\S+\s+(\S+)/gm)].map((m) => [m[1] ?? "", m[2] ?? ""]),
  );
  const vips = Object.entries(outputs.vips)
    .filter(([, address]) => text.includes(` ${address}/`))
    .map(([name]) => name);
  const wanted = [...(UNITS[machine.role] ?? [])];
  if (vips.includes("slurm")) wanted.push("slurmctld");
  if (machine.role === "web") {
    wanted.push(...Object.keys(outputs.urls).map((service) => `hpc-web@${service}`));
  }
  const dead = wanted.filter((unit) => states.get(unit) !== "active");
  const failed = [...states].filter(([, state]) => state === "failed").map(([unit]) => unit);
  const faults = [...new Set([...dead, ...failed])];
  const full = [...text.matchAll(/^ *(\d+)% (\/.*)$/gm)]
    .map(([, percent, path]) => ({ path: path ?? "", percent: Number(percent) }))
    .filter(({ percent }) => percent >= FULL);
  const sick = [
    ...(faults.length === 0 ? [] : [`not running: ${faults.join(", ")}`]),
    ...full.map(({ path, percent }) => `${path} is ${percent} % full`),
  ];
  return { ...machine, health: sick.join("; ") || "ok", faults, full, vips };
}
