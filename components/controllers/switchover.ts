import { step } from "../../lib/progress";
import { until } from "../../lib/wait";
import { patient, type RunningSite } from "../../rollout/roll";
import { disturbedJobs, LIST_JOBS, longestGap, runningJobs } from "./jobs";
import { lookAtControllers, planSwitchover } from "./pair";

/** The other serves after about 3 s; one whose state is large, or that waits for a dead slurmdbd, takes longer, s. */
const TAKEOVER_SECONDS = 90;
/** The old one counts as fit again after its watch was started anew (3 s), s. */
const FIT_SECONDS = 30;
/** Longest time for the next answers of a slurmctld that serves, s. */
const ANSWER_SECONDS = 15;

/**
 * Moves slurmctld and its VIP to the other controller, and waits until both are fit again. Running jobs go on.
 * @returns exit code: 1 when it was refused, or a job did not run on
 */
export async function switchover(site: RunningSite): Promise<number> {
  const { machines, outputs, progress } = site;
  const look = () => lookAtControllers(machines, outputs.vips.slurm);
  const plan = await step("Are both controllers fit?", progress, async () =>
    planSwitchover(await look()),
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
  const answers = new Answers(site, user);
  try {
    await answers.more();
    await step(`Moving slurmctld and the VIP from ${from} to ${to}`, progress, async () => {
      // Not the watch: it keeps the heartbeat until slurmctld has saved its state and ended, so that the other
      // waits for that. Then it ends too, and keepalived gives the VIP up.
      await machines.run(from, "systemctl stop slurmctld");
      await until(`${to} serves`, patient(site, TAKEOVER_SECONDS), async () => {
        const serves = (await look()).find(
          (c) => c.name === to && c.vip && c.units?.["slurmctld"] === "active",
        );
        if (!serves) return undefined;
        return machines.ask(to, `timeout ${patient(site, 2)} scontrol ping`, patient(site, 10));
      });
      await answers.more();
    });
  } finally {
    answers.end();
  }
  await step(`${from} is fit again, as backup`, progress, () =>
    until(`${from} is fit again`, patient(site, FIT_SECONDS), async () => {
      const back = planSwitchover(await look());
      return "to" in back && back.to === from;
    }),
  );
  progress(`${to} is the controller. Longest time without an answer: ${answers.longestGap()} s.`);
  const running = runningJobs(jobs);
  const disturbed = disturbedJobs(jobs, await machines.run(user, LIST_JOBS));
  if (disturbed.length === 0) progress(`Running jobs went on: ${running} of ${running}.`);
  for (const job of disturbed) progress(`  Job ${job}`);
  progress(`Back again: npx hpc switchover controllers`);
  return disturbed.length === 0 ? 0 : 1;
}

/** When slurmctld answered a machine, asked all the time. */
class Answers {
  private stamps = "";
  private readonly stop: () => void;

  constructor(
    private readonly site: RunningSite,
    private readonly user: string,
  ) {
    // Bounded, should nobody end it.
    const seconds = patient(site, TAKEOVER_SECONDS + FIT_SECONDS) + 30;
    const loop = `end=$(($(date +%s) + ${seconds})); while [ $(date +%s) -lt $end ]; do timeout ${patient(site, 1)} scontrol ping >/dev/null 2>&1 && date +%s%3N; sleep 0.05; done`;
    const { child } = site.machines.start(user, loop, seconds);
    child.stdout?.on("data", (data: Buffer) => (this.stamps += data.toString()));
    this.stop = () => child.kill();
  }

  /** Waits for two more answers. */
  async more(): Promise<void> {
    const wanted = this.stamps.split("\n").length + 1;
    await until(`slurmctld answers ${this.user}`, patient(this.site, ANSWER_SECONDS), () =>
      Promise.resolve(this.stamps.split("\n").length > wanted),
    );
  }

  /** Longest time without an answer, s. */
  longestGap = (): number => longestGap(this.stamps);

  end(): void {
    this.stop();
  }
}
