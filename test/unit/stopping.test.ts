import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { afterEach, expect, it } from "vitest";
import { projectRoot } from "../../lib/project";
import { pause, until } from "../../lib/wait";
import { TSX } from "../support/program";

let run: execa.ExecaChildProcess;
let said = "";
/** In a group of its own, so that a signal to it is not one to its children. */
function start(): void {
  said = "";
  const file = path.join(__dirname, "fixtures/stopping.ts");
  run = execa("node", [...TSX, file], {
    cwd: projectRoot,
    all: true,
    reject: false,
    detached: true,
  });
  run.all?.on("data", (text: Buffer) => (said += text.toString()));
}
const heard = (what: RegExp) =>
  until(
    `${String(what)} in: ${said}`,
    15,
    () => Promise.resolve(what.exec(said) ?? undefined),
    0.05,
  );
/** Whether a process runs: not even as one whose end nobody has looked at. */
const runs = (pid: string | undefined) =>
  fs.existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(fs.readFileSync(`/proc/${pid}/stat`, "utf8"));

afterEach(() => {
  try {
    process.kill(-(run.pid ?? 0), "SIGKILL");
  } catch {
    // It has ended.
  }
});

it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s: everything that was started ends first, children of children too, and then what was made is removed",
  async (signal) => {
    start();
    const [, worker] = await heard(/works (\d+)/);
    expect(runs(worker)).toBe(true);
    run.kill(signal);
    // npm passes on what the terminal has sent already.
    await pause(0.05);
    run.kill(signal);
    const [, removal = ""] = await heard(/removal (\d+)/);
    expect(runs(worker)).toBe(false);
    expect(said).toContain("removed first");
    process.kill(Number(removal));
    await heard(new RegExp(`removed after ${signal}`));
    expect((await run).exitCode).toBe(0);
  },
);

it("once more: it ends at once with all that it has started, and says what removes the rest", async () => {
  start();
  await heard(/works/);
  run.kill("SIGTERM");
  const [, removal] = await heard(/removal (\d+)/);
  // So soon it would count as the same signal.
  await pause(1.1);
  run.kill("SIGINT");
  expect((await run).exitCode).toBe(1);
  expect(said).toContain("This removes the rest: the remedy");
  expect(runs(removal)).toBe(false);
});
