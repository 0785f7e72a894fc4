import { afterAll, beforeAll, expect, it } from "vitest";
import { baseState, PATIENCE, type Site } from "./site";

const JUMP_SECONDS = 30;
/** Longer than every deadline of the failover: a stale heartbeat, a hung slurmctld, the watchdog. */
const WATCHED_SECONDS = 45;

let site: Site;
beforeAll(async () => {
  site = await baseState();
});
const jumped: string[] = [];
const jump = async (machine: string, seconds: number) => {
  await site.on(machine, `date -s "@$(($(date +%s) + ${seconds}))"`);
  jumped.push(machine);
};
afterAll(async () => {
  // As this machine's clock says; the machines of the suite ask no time server.
  for (const machine of new Set(jumped)) {
    await site.on(machine, `date -s "@${Math.floor(Date.now() / 1000)}"`);
  }
});

it.each([
  ["the serving controller's clock goes forward", "holder", JUMP_SECONDS],
  ["and back", "holder", -JUMP_SECONDS],
  ["the backup's clock goes forward", "backup", JUMP_SECONDS],
  ["and back again", "backup", -JUMP_SECONDS],
])(
  "%s (%s, %d s): nobody takes over, the job and the state are as they were",
  async (_what, who, by) => {
    const holder = await site.holder();
    if (holder === undefined) throw new Error("nobody holds the Slurm VIP");
    const machine = who === "holder" ? holder : holder === "slurm-m1" ? "slurm-m2" : "slurm-m1";
    const job = await site.runningJob(3600);
    const [before, histories] = [await site.job(job), await site.histories(holder)];
    await jump(machine, by);
    const end = Date.now() + WATCHED_SECONDS * 1000;
    while (Date.now() < end) {
      expect(await site.slurm(`squeue -h -j ${job} -o %T`, PATIENCE)).toBe("RUNNING");
    }
    expect(await site.holder()).toBe(holder);
    expect(await site.histories(holder)).toEqual(histories);
    expect(await site.job(job)).toBe(before);
    await site.slurm(`scancel ${job}`);
  },
);
