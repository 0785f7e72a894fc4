import execa from "execa";
import { type MachineOutput, machinesOf, type StackOutputs } from "./stack";

/** Units that must be active on a machine of each role. */
const UNITS: Record<string, string[]> = {
  "slurm-controller": ["munge", "slurmdbd", "slurm-watch", "keepalived"],
  "slurm-compute": ["munge", "slurmd"],
  client: ["munge"],
  redis: ["redis-server", "redis-sentinel"],
  galera: ["mariadb"],
  haproxy: ["haproxy", "keepalived"],
};

/** One machine as it is now. */
export interface MachineHealth extends MachineOutput {
  /** "ok", or what is not. */
  health: string;
  /** VIPs that it holds. */
  vips: string[];
}

/** Asks all machines at once over ssh; one that does not answer within 5 s is down. */
export function machineHealth(outputs: StackOutputs): Promise<MachineHealth[]> {
  const probe = "systemctl list-units --all --plain --no-legend --type=service; ip -o -4 address";
  return Promise.all(
    machinesOf(outputs).map(async (machine) => {
      const [file = "", ...args] = outputs.login.replace("ADDRESS", machine.address).split(" ");
      const result = await execa(file, [...args, probe], { reject: false, timeout: 5000 });
      if (result.failed) return { ...machine, health: "does not answer", vips: [] };
      return { ...machine, ...judge(machine, outputs, result.stdout) };
    }),
  );
}

/** Judges the text that a machine answered with: units that should run, and failed ones. */
export function judge(
  machine: MachineOutput,
  outputs: Pick<StackOutputs, "vips" | "urls">,
  text: string,
): Pick<MachineHealth, "health" | "vips"> {
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
  return { health: faults.length === 0 ? "ok" : `not running: ${faults.join(", ")}`, vips };
}
