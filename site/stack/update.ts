import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import type { Progress } from "../../lib/progress";
import { pause } from "../../lib/wait";
import { UpdateView } from "./updateView";

/** How long Pulumi may take to end once it has told its last, s: it has hung there in some versions. */
const TO_END = 60;
/** How long what it said may take to come in once it has ended, s: what it started may hold the channel open. */
const TO_SPEAK = 5;

/**
 * Runs `pulumi up|refresh|destroy` and shows what its engine tells. The events come through a pipe and are in no file:
 * at debug level they hold secrets in the clear.
 *
 * Told to end, this process waits for Pulumi, which ends in good order when it is interrupted once. In a terminal it
 * hears SIGINT itself; any other signal is passed on as one.
 *
 * @throws Error when it fails; why was shown
 */
export async function runUpdate(
  args: string[],
  cwd: string,
  progress: Progress,
  limits = { toEnd: TO_END, toSpeak: TO_SPEAK },
): Promise<void> {
  const stdio: ["ignore", "pipe", "pipe"] = ["ignore", "pipe", "pipe"];
  const child = spawn("pulumi", [...args, "--json"], { cwd, stdio });
  const view = new UpdateView();
  let limit: NodeJS.Timeout | undefined;
  let hung = false;
  const show = (shown: string[]) => shown.forEach((line) => progress(line));
  const told = (line: string) => {
    const event = parsed(line);
    if (event === undefined) return show(line.trim() === "" ? [] : [line]);
    show(view.take(event, Date.now()));
    if (event.cancelEvent === undefined || limit !== undefined) return;
    limit = setTimeout(() => {
      hung = true;
      child.kill("SIGKILL");
    }, limits.toEnd * 1000);
  };
  const heard = Promise.all([
    each(child.stdout, told),
    each(child.stderr, (line) => show(line.trim() === "" ? [] : [line])),
  ]);
  const release = passOn(child);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("exit", resolve);
      child.once("error", reject);
    });
    clearTimeout(limit);
    await Promise.race([heard, pause(limits.toSpeak)]);
    show(view.end());
    if (hung) throw new Error(`it was done but did not end for ${limits.toEnd} s`);
    if (code !== 0) throw new Error(`failed${code === null ? "" : ` (${code})`}: see above`);
  } finally {
    clearTimeout(limit);
    release();
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

function parsed(line: string): EngineEvent | undefined {
  try {
    const value = JSON.parse(line) as EngineEvent;
    return typeof value.sequence === "number" ? value : undefined;
  } catch {
    return undefined;
  }
}

async function each(stream: Readable, line: (text: string) => void): Promise<void> {
  for await (const text of createInterface(stream)) line(text);
}

/** Keeps this process until the child has ended, or takes it along. @returns what ends that */
function passOn(child: ChildProcess): () => void {
  const interrupt = () => void child.kill("SIGINT");
  const wait = () => undefined;
  const heard: [string, () => void][] = [
    ["SIGINT", wait],
    ["SIGTERM", interrupt],
    ["SIGHUP", interrupt],
    ["exit", interrupt],
  ];
  for (const [what, act] of heard) process.on(what, act);
  return () => heard.forEach(([what, act]) => process.off(what, act));
}
