import { type Progress, step } from "../lib/progress";
import { type Machines, until } from "../lib/machines";
import type { PublicOutputs } from "./stack";

/** What a controller needs to take over. */
const UNITS = ["munge", "keepalived", "slurm-watch", "slurmctld"] as const;
/** The other serves after about 3 s; one whose state is large, or that waits for a dead slurmdbd, takes longer, s. */
const TAKEOVER_SECONDS = 90;
/** The old one counts as fit again after its watch was started anew (3 s), s. */
const FIT_SECONDS = 30;

/** One controller as it is now. */
export interface Controller {
  name: string;
  /** Holds the Slurm VIP. */
  vip: boolean;
  /** What systemd says of each unit; undefined when the machine does not answer. */
  units: Record<string, string> | undefined;
}

/** Reads the answer to the question of `lookAtControllers`: a state a unit, then the VIP's line if it is here. */
export function parseController(name: string, text: string | undefined): Controller {
  if (text === undefined) return { name, vip: false, units: undefined };
  const lines = text.split("\n");
  const units = Object.fromEntries(UNITS.map((unit, i) => [unit, lines[i] ?? "unknown"]));
  return { name, vip: lines.slice(UNITS.length).some((l) => / inet /.test(l)), units };
}

/**
 * Who gives the VIP up and who takes it.
 * @returns the reasons why not instead, when the other is not fit or nobody is to be relieved
 */
export function planSwitchover(
  controllers: Controller[],
): { from: string; to: string } | { reasons: string[] } {
  const holders = controllers.filter((c) => c.vip);
  const [holder] = holders;
  if (!holder || holders.length > 1) {
    const who = holders.map((c) => c.name).join(" and ") || "no controller";
    return { reasons: [`${who} holds the Slurm VIP: \`journalctl -u keepalived\` on both`] };
  }
  const other = controllers.find((c) => c !== holder);
  if (!other) return { reasons: ["there is only one controller"] };
  const sick = (c: Controller, wanted: readonly string[]) =>
    c.units === undefined
      ? [`${c.name} does not answer`]
      : wanted.flatMap((u) =>
          c.units?.[u] === "active" ? [] : `${u} is ${c.units?.[u]} on ${c.name}`,
        );
  const reasons = [
    ...sick(other, ["munge", "keepalived", "slurm-watch"]),
    ...sick(holder, ["slurmctld"]),
  ];
  return reasons.length > 0 ? { reasons } : { from: holder.name, to: other.name };
}

/** Jobs that did not simply run on, from two lists of "id state start" lines: pending again, or started anew. */
export function disturbedJobs(before: string, after: string): string[] {
  const read = (text: string) =>
    new Map(
      text.split("\n").flatMap((line) => {
        const [id, state, start] = line.trim().split(/\s+/);
        return id && state && start ? [[id, { state, start }] as const] : [];
      }),
    );
  const now = read(after);
  return [...read(before)].flatMap(([id, { state, start }]) => {
    const job = now.get(id);
    if (state !== "RUNNING" || !job) return [];
    return job.start === start ? [] : [`${id} is ${job.state}, was running since ${start}`];
  });
}

/** The longest time between two of these moments (lines with ms since 1970), s. */
export function longestGap(stamps: string): number {
  const times = stamps
    .split("\n")
    .filter((l) => /^\d+$/.test(l))
    .map(Number);
  return Math.max(0, ...times.slice(1).map((t, i) => t - (times[i] ?? t))) / 1000;
}

/** Both controllers as they are now. */
export function lookAtControllers(machines: Machines, vip: string): Promise<Controller[]> {
  const ask = `systemctl is-active ${UNITS.join(" ")}; ip -o -4 address show to ${vip}; true`;
  return Promise.all(
    machines
      .names("controllers")
      .map(async (name) => parseController(name, await machines.ask(name, ask))),
  );
}

const LIST_JOBS = "squeue --noheader --states=all --format='%A %T %S'";

/**
 * Moves slurmctld and its VIP to the other controller, and waits until both are fit again. Running jobs go on.
 * @returns exit code: 1 when it was refused, or a job did not run on
 */
export async function switchoverSlurm(
  machines: Machines,
  outputs: Pick<PublicOutputs, "vips">,
  progress: Progress,
): Promise<number> {
  const vip = outputs.vips.slurm;
  const plan = await step("Are both controllers fit?", progress, async () =>
    planSwitchover(await lookAtControllers(machines, vip)),
  );
  if ("reasons" in plan) {
    progress("Refused, and nothing was changed:");
    for (const reason of plan.reasons) progress(`  - ${reason}`);
    return 1;
  }
  const { from, to } = plan;
  // Asked from the machine where users are; if that is down, from the one that takes over.
  const [login] = machines.names("login");
  const before = login === undefined ? undefined : await machines.ask(login, LIST_JOBS, 30);
  const user = login !== undefined && before !== undefined ? login : to;
  const jobs = before ?? (await machines.run(to, LIST_JOBS));
  // Each answer's time; bounded, should nobody end it.
  const seconds = TAKEOVER_SECONDS + FIT_SECONDS + 30;
  const loop = `end=$(($(date +%s) + ${seconds})); while [ $(date +%s) -lt $end ]; do timeout 1 scontrol ping >/dev/null 2>&1 && date +%s%3N; sleep 0.05; done`;
  const { child: probe } = machines.start(user, loop, seconds);
  let stamps = "";
  probe.stdout?.on("data", (data: Buffer) => (stamps += data.toString()));
  const answered = (more: number) => {
    const wanted = stamps.split("\n").length - 1 + more;
    return until(`slurmctld answers ${user}`, 15, () =>
      Promise.resolve(stamps.split("\n").length > wanted || undefined),
    );
  };
  try {
    await answered(2);
    await step(`Moving slurmctld and the VIP from ${from} to ${to}`, progress, async () => {
      // Not the watch: it keeps the heartbeat until slurmctld has saved its state and ended, so that the other
      // waits for that. Then it ends too, and keepalived gives the VIP up.
      await machines.run(from, "systemctl stop slurmctld");
      await until(`${to} serves`, TAKEOVER_SECONDS, async () => {
        const now = await lookAtControllers(machines, vip);
        const serves = now.find(
          (c) => c.name === to && c.vip && c.units?.["slurmctld"] === "active",
        );
        if (!serves) return undefined;
        return machines.ask(to, "timeout 2 scontrol ping");
      });
      await answered(2);
    });
  } finally {
    probe.kill();
  }
  await step(`${from} is fit again, as backup`, progress, () =>
    until(`${from} is fit again`, FIT_SECONDS, async () => {
      const back = planSwitchover(await lookAtControllers(machines, vip));
      return "to" in back && back.to === from ? true : undefined;
    }),
  );
  progress(`${to} is the controller. Longest time without an answer: ${longestGap(stamps)} s.`);
  const running = jobs.split("\n").filter((l) => l.includes(" RUNNING ")).length;
  const disturbed = disturbedJobs(jobs, await machines.run(user, LIST_JOBS));
  if (disturbed.length === 0) progress(`Running jobs went on: ${running} of ${running}.`);
  for (const job of disturbed) progress(`  Job ${job}`);
  progress(`Back again: npx hpc switchover controllers`);
  return disturbed.length === 0 ? 0 : 1;
}
