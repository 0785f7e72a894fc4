import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { handOver, inTurn, leftBegun, once, runProgram } from "../../components/providerProcess";
import { HAND_OVER } from "../../components/entry/leave";
import { until } from "../../lib/wait";

const interrupt = vi.hoisted(() => new AbortController());
vi.mock("../../components/interrupt", () => ({
  INTERRUPTED: "interrupted\n",
  interrupted: () => interrupt.signal,
}));

const directory = mkdtempSync(path.join(tmpdir(), "hpc-ha-unit-"));
afterAll(() => rmSync(directory, { recursive: true }));
/** A program of the house. */
function program(name: string, text: string): string {
  const file = path.join(directory, `${name}.mjs`);
  writeFileSync(file, text);
  return file;
}
const shown = vi.spyOn(process.stderr, "write");
beforeAll(() => void shown.mockReturnValue(true));
const { signal } = new AbortController();

describe("an entry machine that is to leave", () => {
  const said = path.join(directory, "handed-over");
  /** A machine that is asked by a shell, without what HAProxy nodes have. */
  const seat = (machine: string, shell: string) => ({
    machine,
    ssh: ["sh", "-c", `${shell}; exit 0; $1`, "-"],
  });
  const goes = seat("haproxy2", `echo "$1" >>${said}`);
  const stays = seat("haproxy1", `echo "stays $1" >>${said}`);

  it("hands over once in a run, before any tier goes on, and the entry counts as begun", async () => {
    const begin = vi.fn();
    await handOver({ begin }, [stays, goes], [stays, goes]);
    expect(existsSync(said)).toBe(false);
    const tiers = Array.from({ length: 3 }, async () => {
      await handOver({ begin }, [stays, goes], [stays]);
      return readFileSync(said, "utf8");
    });
    for (const found of await Promise.all(tiers)) expect(found).toBe(`${HAND_OVER}\n`);
    expect(begin.mock.calls).toEqual([["entry"]]);
  });

  it("holds nobody up where it does not answer", async () => {
    await handOver({ begin: vi.fn() }, [stays, { machine: "haproxy3", ssh: ["false"] }], [stays]);
  });
});

describe("a program that a provider runs", () => {
  it("reads its request, and gives back what it wrote", async () => {
    const echo = program("echo", "process.stdin.pipe(process.stdout)");
    expect(await runProgram(echo, "s3cret", signal)).toBe("s3cret");
  });

  it("fails with its last words; all of them are shown", async () => {
    const fails = program("fails", "console.error('one\\nno space left'); process.exit(2)");
    await expect(runProgram(fails, "", signal)).rejects.toThrow(/^no space left$/);
    expect(shown.mock.calls.map(String).join("")).toContain("one\n");
  });

  it("is told by its fourth file when the lock is lost", async () => {
    const started = path.join(directory, "started");
    const waits = program(
      "waits",
      `import * as fs from "node:fs"; import * as net from "node:net";
       new net.Socket({ fd: 3 }).on("close", () => { console.error("cut off"); process.exit(1); }).resume();
       fs.writeFileSync(${JSON.stringify(started)}, "");`,
    );
    const abort = new AbortController();
    const run = runProgram(waits, "", abort.signal).catch((error: Error) => error.message);
    await until("it runs", 10, () => Promise.resolve(existsSync(started)), 0.05);
    abort.abort(new Error("lost"));
    expect(await run).toBe("cut off");
  });

  it("is not begun where the lock was lost before", async () => {
    const lost = AbortSignal.abort(new Error("the lock of the site was lost"));
    const writes = path.join(directory, "written");
    const file = program("writes", `(await import("node:fs")).writeFileSync("${writes}", "")`);
    await expect(runProgram(file, "", lost)).rejects.toThrow("the lock of the site was lost");
    expect(existsSync(writes)).toBe(false);
  });
});

it("one after the other, also after one that failed", async () => {
  const seen: string[] = [];
  const work = (name: string) => async () => {
    seen.push(`${name} begins`);
    await new Promise(setImmediate);
    seen.push(`${name} ends`);
    if (name === "a") throw new Error("a failed");
    return name;
  };
  const [a, b] = await Promise.allSettled([inTurn(work("a")), inTurn(work("b"))]);
  expect([a.status, b]).toEqual(["rejected", { status: "fulfilled", value: "b" }]);
  expect(seen).toEqual(["a begins", "a ends", "b begins", "b ends"]);
});

it("what is done once is not done again", async () => {
  const work = vi.fn(() => Promise.resolve());
  for (let i = 0; i < 2; i++) await once("this", work);
  expect(work).toHaveBeenCalledOnce();
});

it("what was begun and not ended is asked once, and known where one machine says it", async () => {
  const says = (text: string) => ["sh", "-c", `echo asked >>${directory}/asked; ${text}`];
  // A preview of what is still to be made has a text in their place.
  expect(await leftBegun("unknown" as never)).toEqual([]);
  const seats = [says("exit 255"), says("echo redis; echo web")].map((ssh) => ({
    machine: "haproxy1",
    ssh,
  }));
  for (let i = 0; i < 2; i++) expect(await leftBegun(seats)).toEqual(["redis", "web"]);
  expect(readFileSync(`${directory}/asked`, "utf8")).toBe("asked\nasked\n");
});

describe("when Pulumi is interrupted", () => {
  it("a program that runs is told by a word, and not cut off", async () => {
    const runs = path.join(directory, "runs");
    const hears = program(
      "hears",
      `import * as fs from "node:fs"; import * as net from "node:net";
       new net.Socket({ fd: 3 }).on("data", (word) => {
         setTimeout(() => { process.stdout.write(word); process.exit(); }, 100);
       }).on("close", () => process.exit(1));
       fs.writeFileSync(${JSON.stringify(runs)}, "");`,
    );
    const run = runProgram(hears, "", signal);
    await until("it runs", 10, () => Promise.resolve(existsSync(runs)), 0.05);
    interrupt.abort();
    expect(await run).toBe("interrupted\n");
  });

  it("what waits for its turn is not begun", async () => {
    const work = vi.fn(() => Promise.resolve());
    await expect(inTurn(work)).rejects.toThrow("interrupted before it was begun");
    expect(work).not.toHaveBeenCalled();
  });
});
