/** 9 and 11. Cut off in the middle, from a second clone, and two at once. */
import type { Case } from "../faults/cases";
import type { Cluster } from "../faults/cluster";
import { hpc } from "../support/hpc";
import { configure, eventually, stack } from "../support/site";
import { Clone } from "./clone";
import { cutOff } from "./cutOff";
import { edit, takeBackEdits } from "./edits";
import { release } from "./release";
import { failsWith, takenBack, toTakeBack, up, USUAL } from "./steps";

const SETTINGS = "/etc/redis/site.conf";
/** Another setting of Redis. */
const editRedis = (backlog: number) =>
  edit("redis", "templates/site.conf.j2", `tcp-backlog ${backlog}`);
/** Shell text: whether a machine has it, half done or not. */
const hasBacklog = (backlog: number) => `grep -q '^tcp-backlog ${backlog}$' ${SETTINGS}`;

/** What each machine of a tier says. */
const said = (c: Cluster, tier: string, command: string): Promise<string[]> =>
  Promise.all(
    Object.keys(c.outputs.addresses[tier] ?? {}).map(
      async (machine) => (await c.ask(machine, command)).stdout,
    ),
  );

/** @throws Error where a Redis machine has other settings than it should, or is marked as half done */
async function expectBacklog(c: Cluster, backlog: number, there: boolean): Promise<void> {
  const ask = `${hasBacklog(backlog)} && echo there; [ ! -e /var/lib/hpc-ha/change ] || echo marked`;
  const found = await said(c, "redis", `${ask}; true`);
  if (found.some((text) => text !== (there ? "there" : ""))) {
    throw new Error(
      `tcp-backlog ${backlog} should ${there ? "" : "not "}be there: ${found.join()}`,
    );
  }
}

/** @throws Error where another Redis machine than this one has a setting, or one is marked as half done */
async function expectOnly(c: Cluster, machine: string, backlog: number): Promise<void> {
  for (const m of Object.keys(c.outputs.addresses["redis"] ?? {})) {
    const { stdout } = await c.ask(
      m,
      `${hasBacklog(backlog)} && echo there; [ ! -e /var/lib/hpc-ha/change ] || echo marked; true`,
    );
    const wanted = m === machine ? "there" : "";
    if (stdout !== wanted) throw new Error(`${m}: "${stdout}" in place of "${wanted}"`);
  }
}

/**
 * Waits until a run is at work on Redis.
 * @returns its end: in an object, or it would be waited for
 * @throws Error when it ends before
 */
async function begun(
  c: Cluster,
  run: Promise<unknown>,
  backlog: number,
): Promise<{ over: Promise<unknown> }> {
  let over = false;
  const ended = run.finally(() => (over = true));
  // Told where it is awaited.
  ended.catch(() => undefined);
  await eventually("it is at work", 60, async () => {
    if (over) await ended.then(() => Promise.reject(new Error("it is over")));
    return (await said(c, "redis", `${hasBacklog(backlog)} && echo there; true`)).includes("there");
  });
  return { over: ended };
}

/** The release that each web node runs. */
const releases = (c: Cluster) => said(c, "web", "readlink /opt/hpc-dashboard/app/current");

export const togetherCases: Case[] = [
  {
    ...USUAL,
    name: "pulumi killed in the middle of a change",
    fault: () =>
      toTakeBack(async () => {
        editRedis(450);
        const child = stack.start("up", "--yes", "--skip-preview");
        await new Promise<void>((resolve) => {
          child.all?.on("data", (data: Buffer) => {
            if (data.toString().includes("▶ redis: redis")) resolve();
          });
          void child.catch(() => undefined).then(() => resolve());
        });
        child.kill("SIGKILL");
        await child.catch(() => undefined);
        await up();
      }),
  },
  {
    ...USUAL,
    name: "pulumi killed in the middle of a change, taken back from a second clone",
    fault: (c) =>
      toTakeBack(async () => {
        const clone = await Clone.make("second");
        editRedis(440);
        await cutOff("SIGKILL", c.outputs, "redis", hasBacklog(440));
        takeBackEdits();
        // The state says what was there before, which is what is wanted again.
        await clone.takeOver();
        await expectBacklog(c, 440, false);
      }),
  },
  {
    ...USUAL,
    name: "pulumi killed in the middle of a web release, a second clone goes on with it",
    fault: (c) =>
      toTakeBack(async () => {
        const clone = await Clone.make("second");
        const [before = ""] = await releases(c);
        configure(release("second"));
        const half = `[ "$(readlink /opt/hpc-dashboard/app/current)" != '${before}' ]`;
        await cutOff("SIGKILL", c.outputs, "web", half);
        await clone.takeOver();
        const after = await releases(c);
        if (new Set(after).size !== 1 || after.includes(before)) {
          throw new Error(`before: ${before}; now: ${after.join(", ")}`);
        }
      }),
  },
  {
    ...USUAL,
    name: "pulumi interrupted in the middle of a change, the same again",
    fault: (c) =>
      toTakeBack(async () => {
        editRedis(430);
        const { machine, said } = await cutOff("SIGINT", c.outputs, "redis", hasBacklog(430));
        const words = `interrupted after ${machine}: .* not begun; the same command goes on`;
        if (!new RegExp(words).test(said)) throw new Error(`does not say "${words}": ${said}`);
        await expectOnly(c, machine, 430);
        await up();
        await expectBacklog(c, 430, true);
      }),
  },
  {
    ...USUAL,
    name: "pulumi interrupted in the middle of a web release, taken back",
    fault: (c) =>
      toTakeBack(async () => {
        const before = await releases(c);
        configure(release("third"));
        const half = `[ "$(readlink /opt/hpc-dashboard/app/current)" != '${before[0]}' ]`;
        await cutOff("SIGINT", c.outputs, "web", half);
        await takenBack();
        const after = await releases(c);
        if (after.join() !== before.join()) throw new Error(`not taken back: ${after.join(", ")}`);
      }),
  },
  {
    ...USUAL,
    name: "hpc restart while pulumi up is at work",
    fault: (c) =>
      toTakeBack(async () => {
        editRedis(350);
        const first = await begun(c, up(), 350);
        const restart = await hpc("restart", "compute");
        if (restart.code === 0 || !/is locked .* for: pulumi up/.test(restart.said))
          throw new Error(`not kept out: ${restart.said}`);
        await first.over;
        await expectBacklog(c, 350, true);
      }),
  },
  {
    ...USUAL,
    name: "two pulumi up at once, from two clones",
    fault: (c) =>
      toTakeBack(async () => {
        const clone = await Clone.make("second");
        editRedis(340);
        const first = await begun(c, up(), 340);
        await failsWith(/the stack is currently locked/, clone.up);
        await first.over;
        await expectBacklog(c, 340, true);
        // What the other clone wants is what was there before.
        await clone.up();
        await expectBacklog(c, 340, false);
      }),
  },
];
