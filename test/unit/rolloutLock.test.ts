/** The lock of a site, with its real keepers: bash and flock on this machine, as they run on the entry's. */
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { until } from "../../lib/wait";
import { pace } from "../support/pace";
import { LOOK_FOR_BEGUN, type Seat, type SiteLock, takeLock } from "../../rollout/lock";
import { TSX } from "../support/program";

const holder = { who: "root@admin1 (process 7)", since: "2026-01-01T00:00:00Z", what: "pulumi up" };
const other = { who: "ada@laptop (process 9)", since: "2026-01-02T00:00:00Z", what: "npx hpc" };
const takenBy = (machine: string, { who, since, what }: typeof holder) =>
  `the site is locked (on ${machine}) by ${who} since ${since}, for: ${what}. ` +
  "When that has ended, the same command again; if it hangs: npx hpc unlock";

let root: string;
const locks: SiteLock[] = [];
const holders: ChildProcess[] = [];
beforeEach(() => (root = mkdtempSync(path.join(tmpdir(), "hpc-ha-unit-"))));
afterEach(async () => {
  for (const process of holders.splice(0)) process.kill("SIGKILL");
  await Promise.all(locks.splice(0).map((lock) => lock.release()));
  rmSync(root, { recursive: true, force: true });
});

/** How long a silent holder is waited for, s: the holder is a process of this machine, which may be slow. */
const SILENCE = Math.ceil(2 * pace());
/** A seat whose files are in a directory of its own. */
function seat(machine: string): Seat {
  mkdirSync(path.join(root, machine), { recursive: true });
  const here = `s#/run/hpc-ha#${root}/${machine}/hpc-ha#g;s#/var/lib#${root}/${machine}#g;s#-t 20#-t ${SILENCE}#g`;
  return { machine, ssh: ["bash", "-c", `bash -c "$(sed '${here}' <<<"$1")"`, "-"] };
}
const silent = (machine: string): Seat => ({ machine, ssh: ["false"] });
const take = async (seats: Seat[], who = holder) => {
  const lock = await takeLock(seats, who);
  locks.push(lock);
  return lock;
};
const refused = (seats: Seat[], who = other) =>
  take(seats, who).then(
    () => "taken",
    (error: Error) => error.message,
  );
/** Another process that takes it; @returns what it says, and the process. */
async function elsewhere(seats: Seat[]) {
  const program = [...TSX, "test/support/holdLock.ts"];
  const process = spawn("node", [...program, JSON.stringify(seats), JSON.stringify(other)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  holders.push(process);
  const [said] = (await once(process.stdout, "data")) as [Buffer];
  return { process, said: said.toString().trim() };
}
const file = (machine: string, name: string) => path.join(root, machine, name);
const free = (machine: string) =>
  until(
    `${machine} is free`,
    10 * SILENCE,
    () => Promise.resolve(!existsSync(file(machine, "hpc-ha.holder"))),
    0.05,
  );

it("is of one: who comes second is told who has it, since when and for what", async () => {
  const seats = [seat("haproxy1"), seat("haproxy2")];
  const lock = await take(seats);
  expect(await refused(seats)).toBe(takenBy("haproxy1", holder));
  // Who reaches only one of them meets the holder as well.
  expect(await refused([silent("haproxy1"), seat("haproxy2")])).toBe(takenBy("haproxy2", holder));
  expect(lock.signal.aborted).toBe(false);
  await lock.release();
  expect(await refused(seats)).toBe("taken");
});

it("who is refused on one machine leaves nothing on the others", async () => {
  await take([seat("haproxy2")]);
  expect(await refused([seat("haproxy1"), seat("haproxy2")])).toBe(takenBy("haproxy2", holder));
  expect(await refused([seat("haproxy1")])).toBe("taken");
});

it("of a process that was killed goes by itself", async () => {
  const seats = [seat("haproxy1")];
  const { process, said } = await elsewhere(seats);
  expect(said).toBe("held");
  expect(await refused(seats, holder)).toBe(takenBy("haproxy1", other));
  process.kill("SIGKILL");
  await free("haproxy1");
  expect(await refused(seats)).toBe("taken");
});

it("of one that is silent goes when it was silent for too long", async () => {
  const seats = [seat("haproxy1")];
  const { process } = await elsewhere(seats);
  process.kill("SIGSTOP");
  expect(await refused(seats, holder)).toBe(takenBy("haproxy1", other));
  await free("haproxy1");
  expect(await refused(seats)).toBe("taken");
});

it("keeps a line on each machine for who comes after, until it is cleared", async () => {
  const seats = [seat("haproxy1"), seat("haproxy2")];
  const first = await take(seats);
  expect(first.journal).toBe("");
  first.write("one");
  first.write(`two 'quoted' $HOME \\n`);
  await first.release();
  for (const { machine } of seats) {
    expect(readFileSync(file(machine, "hpc-ha/journal"), "utf8")).toContain("two 'quoted'");
  }
  const second = await take(seats.slice(1));
  expect(second.journal).toBe(`two 'quoted' $HOME \\n`);
  second.write("");
  await second.release();
  const [third] = [await take(seats.slice(1))];
  expect(third.journal).toBe("");
});

it("keeps on each machine what was begun, until it is ended, also when its holder is gone", async () => {
  const seats = [seat("haproxy1"), seat("haproxy2")];
  const begun = (machine: string) => {
    const script = LOOK_FOR_BEGUN.replaceAll("/var/lib", path.join(root, machine));
    return execFileSync("sh", ["-c", script], { encoding: "utf8" }).trim().split("\n");
  };
  const lock = await take(seats);
  expect(begun("haproxy1")).toEqual([""]);
  for (const what of ["redis", "web", "membership"]) lock.begin(what);
  lock.end("web");
  await lock.release();
  for (const { machine } of seats) expect(begun(machine)).toEqual(["membership", "redis"]);
  const next = await take(seats);
  next.end("redis");
  next.end("membership");
  await next.release();
  expect(begun("haproxy2")).toEqual([""]);
});

it("is held where some of its machines do not answer, and where none does", async () => {
  const lock = await take([silent("haproxy1"), seat("haproxy2")]);
  expect(await refused([seat("haproxy2")])).toBe(takenBy("haproxy2", holder));
  expect(lock.signal.aborted).toBe(false);
  expect((await take([silent("haproxy1")], other)).signal.aborted).toBe(false);
});

it("that is lost on its last machine tells who works", async () => {
  const lock = await take([seat("haproxy1"), seat("haproxy2")]);
  const lose = async (machine: string) => {
    const [pid = ""] = readFileSync(file(machine, "hpc-ha.holder"), "utf8").split("\n");
    await new Promise((resolve) => execFile("kill", [pid], resolve));
  };
  await lose("haproxy1");
  expect(lock.signal.aborted).toBe(false);
  await lose("haproxy2");
  await until("it is told", 10, () => Promise.resolve(lock.signal.aborted), 0.05);
  expect(String(lock.signal.reason)).toContain("the lock of the site was lost");
});
