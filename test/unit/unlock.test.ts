import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { takeAway } from "../../cli/commands/unlock";
import { type SiteLock, takeLock } from "../../rollout/lock";
import { describeHolder, LOOK_FOR_HOLDER } from "../../rollout/unlock";

const SEATS = ["haproxy1", "haproxy2"];
const holder = { who: "root@admin1 (process 7)", since: "2026-01-01T00:00:00Z", what: "pulumi up" };

let root: string;
const locks: SiteLock[] = [];
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), "unlock-"));
  for (const seat of SEATS) mkdirSync(path.join(root, seat));
});
afterEach(async () => {
  await Promise.all(locks.splice(0).map((lock) => lock.release()));
  rmSync(root, { recursive: true });
});

/** As the real one, and real: a bash of this machine, whose files are in a directory of the seat. */
const shell = (seat: string) => [
  ...[
    "bash",
    "-c",
    `bash -c "$(sed 's#/run/hpc-ha#${root}/${seat}/hpc-ha#g;s#/var/lib#${root}/${seat}#g' <<<"$1")"`,
  ],
  "-",
];
const answer = (seat: string, command: string) =>
  new Promise<string | undefined>((resolve) => {
    const [file = "", ...args] = shell(seat);
    execFile(file, [...args, command], (error, out) => resolve(error ? undefined : out));
  });

const lockIt = async () => {
  const lock = await takeLock(
    SEATS.map((machine) => ({ machine, ssh: shell(machine) })),
    holder,
  );
  locks.push(lock);
  return lock;
};

async function run(said: string | undefined, { yes = false, dead = [] as string[] } = {}) {
  const told: string[] = [];
  const asked: string[] = [];
  const code = await takeAway({
    machines: {
      names: () => SEATS,
      ask: (seat, command) =>
        dead.includes(seat) ? Promise.resolve(undefined) : answer(seat, command),
    },
    progress: (text) => told.push(text),
    yes,
    ask: (text) => {
      asked.push(text);
      return Promise.resolve(said);
    },
  });
  return { code, told, asked };
}

const isHeld = async () =>
  (await Promise.all(SEATS.map((s) => answer(s, LOOK_FOR_HOLDER)))).some((text) => text !== "");

describe("npx hpc unlock", () => {
  it("says that nobody has it, and asks nothing", async () => {
    const { code, told, asked } = await run("y");
    expect({ code, told, asked }).toEqual({
      code: 0,
      told: ["Nobody holds the lock of this site."],
      asked: [],
    });
  });

  it("says who has it, and leaves it where a person says no", async () => {
    const lock = await lockIt();
    const { code, told } = await run("");
    expect(code).toBe(1);
    expect(told[0]).toMatch(
      /^Locked \(on haproxy1\) by root@admin1 \(process 7\), for \d+ h \(since 2026-01-01T00:00:00Z\): pulumi up$/,
    );
    expect(told.at(-1)).toBe("The lock was left.");
    expect(lock.signal.aborted).toBe(false);
    expect(await isHeld()).toBe(true);
  });

  it("is refused where nobody can be asked, with what to type", async () => {
    const lock = await lockIt();
    await expect(run(undefined)).rejects.toThrow("npx hpc unlock --yes");
    expect(lock.signal.aborted).toBe(false);
  });

  it.each([
    ["y", false],
    [undefined, true],
  ])("takes it away: answer %s, --yes %s", async (said, yes) => {
    const lock = await lockIt();
    const { code, asked } = await run(said, { yes });
    expect({ code, asked: asked.length }).toEqual({ code: 0, asked: yes ? 0 : 1 });
    expect(await isHeld()).toBe(false);
    await expect.poll(() => lock.signal.aborted).toBe(true);
    expect(String(lock.signal.reason)).toContain("taken away");
    // The next one has it at once.
    expect((await lockIt()).signal.aborted).toBe(false);
  });

  it("says that a seat which does not answer may keep it", async () => {
    const lock = await lockIt();
    const { code, told } = await run("y", { dead: ["haproxy2"] });
    expect(code).toBe(1);
    expect(told.at(-1)).toMatch(/haproxy2 does not answer: who has the lock there too goes on/);
    expect(lock.signal.aborted).toBe(false);
  });

  it("fails where no seat answers", async () => {
    await expect(run("y", { dead: SEATS })).rejects.toThrow(
      "haproxy1 and haproxy2 do not answer: nobody can tell who holds the lock",
    );
  });

  it("touches no process that only has the number of a keeper which is gone", async () => {
    writeFileSync(
      path.join(root, "haproxy1/hpc-ha.holder"),
      `${process.pid}\n${JSON.stringify(holder)}\n`,
    );
    expect((await run("y", { yes: true })).told).toEqual(["Nobody holds the lock of this site."]);
  });
});

it.each([
  [20, "less than a minute"],
  [700, "11 min"],
  [8000, "2 h"],
])("after %d s it is held for %s", (seconds, words) => {
  const now = Date.parse(holder.since) + seconds * 1000;
  expect(describeHolder(holder, now)).toBe(
    `root@admin1 (process 7), for ${words} (since 2026-01-01T00:00:00Z): pulumi up`,
  );
});
