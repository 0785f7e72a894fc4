/** What brings a log that is a file into the journal, and goes on where another machine has come to. */
import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { afterAll, afterEach, beforeEach, it } from "vitest";
import { projectRoot } from "../../lib/project";
import { until } from "../../lib/wait";
import { Commands } from "../support/program";

const PROGRAM = path.join(projectRoot, "ansible/roles/logs/files/log-follow");
const commands = new Commands();
afterAll(commands.remove);

let log = "";
let runs: execa.ExecaChildProcess[] = [];
let count = 0;
beforeEach(() => {
  log = commands.path(`slurmctld.log-${count++}`);
  runs = [];
});
afterEach(() => runs.forEach((run) => run.kill("SIGKILL")));

/** One that follows, and what it has said. */
function follow(): { said: () => string[]; end: () => Promise<void> } {
  let text = "";
  const run = execa("python3", [PROGRAM, log], { reject: false });
  run.stdout?.on("data", (data: Buffer) => (text += data.toString()));
  runs.push(run);
  const end = async () => {
    run.kill("SIGTERM");
    await run;
  };
  return { said: () => text.split("\n").filter((line) => line !== ""), end };
}
const write = (text: string) => fs.appendFileSync(log, text);
const mark = () => fs.readFileSync(`${log}.followed`, "utf8");
/** It has noted that it has all of the file. */
const noted = () =>
  until("it has noted how far it came", 30, () =>
    Promise.resolve(
      fs.existsSync(`${log}.followed`) && mark().endsWith(` ${fs.statSync(log).size}`),
    ),
  );
const says = (of: { said: () => string[] }, lines: string[]) =>
  until(`it says ${lines.join()}`, 30, () => Promise.resolve(of.said().join() === lines.join()));

it("begins at the end, takes whole lines, and marks errors as such", async () => {
  write("[t] old\n");
  const one = follow();
  await noted();
  write("[t] sched: 안녕\n[t] error: no node\n[t] half");
  await says(one, ["<6>[t] sched: 안녕", "<3>[t] error: no node"]);
  write(" a line\n");
  await says(one, ["<6>[t] sched: 안녕", "<3>[t] error: no node", "<6>[t] half a line"]);
});

it("goes on where the one before had come to", async () => {
  write("[t] old\n");
  const one = follow();
  await noted();
  await one.end();
  write("[t] while nobody followed\n");
  const other = follow();
  await says(other, ["<6>[t] while nobody followed"]);
});

it("reads a rotated log to its end, also what is still written there", async () => {
  write("[t] old\n");
  const one = follow();
  await noted();
  write("[t] 1\n");
  fs.renameSync(log, `${log}.1`);
  fs.appendFileSync(`${log}.1`, "[t] 2\n");
  await until("it waits", 30, () => Promise.resolve(one.said().length === 2));
  write("[t] 3\n");
  await says(one, ["<6>[t] 1", "<6>[t] 2", "<6>[t] 3"]);
});

it("reads what was rotated while nobody followed", async () => {
  write("[t] old\n");
  const one = follow();
  await noted();
  await one.end();
  write("[t] 1\n");
  fs.renameSync(log, `${log}.1`);
  write("[t] 2\n");
  await says(follow(), ["<6>[t] 1", "<6>[t] 2"]);
});

it("waits for a log that is not there yet", async () => {
  const one = follow();
  await new Promise((resolve) => setTimeout(resolve, 500));
  write("[t] 1\n");
  await says(one, ["<6>[t] 1"]);
});
