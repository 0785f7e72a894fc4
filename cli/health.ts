import execa from "execa";
import { type MachineOutput, machinesOf, type PublicOutputs, type StackOutputs } from "./stack";

/** Units that must be active on a machine of each role. */
const UNITS: Record<string, string[]> = {
  "slurm-controller": ["munge", "slurmdbd", "slurm-watch", "keepalived"],
  "slurm-compute": ["munge", "slurmd"],
  client: ["munge"],
  redis: ["redis-server", "redis-sentinel"],
  galera: ["mariadb", "galera-check"],
  haproxy: ["haproxy", "keepalived"],
};

/** What every machine is asked: what `judge` reads. */
export const HEALTH_SCRIPT =
  "systemctl list-units --all --plain --no-legend --type=service; ip -o -4 address";

/** Health of a machine that said nothing. */
export const NO_ANSWER = "does not answer";

/** One machine as it is now. */
export interface MachineHealth extends MachineOutput {
  /** "ok", or what is not. */
  health: string;
  /** Units that should run and do not, and units that failed. */
  faults: string[];
  /** VIPs that it holds. */
  vips: string[];
}

/** What a machine said. */
export interface Answer {
  machine: MachineOutput;
  /** Undefined when it did not answer in time. */
  text: string | undefined;
}

/**
 * Runs a shell script as root on all machines at once.
 * @param seconds longest time for the whole of it: a dead, frozen or busy machine has not answered then
 */
export function ask(
  outputs: PublicOutputs,
  script: (machine: MachineOutput) => string,
  seconds: number,
): Promise<Answer[]> {
  return Promise.all(
    machinesOf(outputs).map(async (machine) => {
      const [file = "", ...args] = outputs.login.replace("ADDRESS", machine.address).split(" ");
      const result = await execa(file, [...args, "-o", "BatchMode=yes", script(machine)], {
        reject: false,
        stdin: "ignore",
        timeout: seconds * 1000,
      });
      return { machine, text: result.failed ? undefined : result.stdout };
    }),
  );
}

/** The health of all machines; one that does not answer within 5 s is down. */
export async function machineHealth(outputs: StackOutputs): Promise<MachineHealth[]> {
  return (await ask(outputs, () => HEALTH_SCRIPT, 5)).map((answer) => judge(answer, outputs));
}

/** Judges what a machine answered to HEALTH_SCRIPT: units that should run, and failed ones. */
export function judge(
  { machine, text }: Answer,
  outputs: Pick<PublicOutputs, "vips" | "urls">,
): MachineHealth {
  if (text === undefined) return { ...machine, health: NO_ANSWER, faults: [], vips: [] };
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
  const health = faults.length === 0 ? "ok" : `not running: ${faults.join(", ")}`;
  return { ...machine, health, faults, vips };
}
