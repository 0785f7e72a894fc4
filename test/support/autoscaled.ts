/** The suite's stack with the autoscaler at work: what it does, what the site has of it, and what is done to it. */
import * as assert from "node:assert";
import * as fs from "node:fs";
import execa from "execa";
import { UpdatePlace } from "../../autoscaler/apply/place";
import { DecisionLog } from "../../autoscaler/log";
import type { Decision } from "../../autoscaler/model";
import { placeOf } from "../../autoscaler/place";
import { callService } from "../../autoscaler/service/client";
import { commandLine, processes, readProc } from "../../lib/processes";
import { pause } from "../../lib/wait";
import type { StackOutputs } from "../../site/stack";
import { pace } from "./pace";
import { descendants, processOf } from "./processTree";
import { ask, configure, disturbed, eventually, stack } from "./site";

const place = placeOf(stack.name);
export const SERVICE = "autoscaler/service/main.ts";
export const RUNNER = "autoscaler/apply/runner.ts";
const SUPERVISOR = "autoscaler/launch/supervisor.ts";

/** Longest time from here into an update at which something is done to it, s: it takes 15 to 40. */
const SOMEWHERE = 15;
/** How long a size holds that a test has set, ms: longer than all that follows in it. */
const HOLD = 600_000;

export const service = callService(place.socket);
/** All that it decided since a moment, ms since 1970. */
export const decided = (since: number): Decision[] => new DecisionLog(place.decisions).since(since);

/** Writes the stack's config with the autoscaler's settings, and the webhook, which is a secret. */
export async function configureAutoscaler(settings: object, webhook: string): Promise<void> {
  configure({ autoscaler: settings });
  const key = "hpc-ha:autoscaler.alerts.webhook";
  await stack.start("config", "set", "--secret", "--path", key, webhook);
}

/** A person's size. */
export const hold = (size: number): Promise<void> =>
  service.order({ kind: "hold", size, until: Date.now() + HOLD }, "test");

/** The pool as the service knows it; undefined while an update runs. */
export async function settled(): Promise<string[] | undefined> {
  const { pool, update } = await service.snapshot();
  return update ? undefined : pool;
}

/** The update that was ordered has begun. */
export const updateRuns = (): Promise<boolean> =>
  eventually("the update runs", 30, async () => (await service.snapshot()).update !== undefined);

/** It has been going on for some time; for how long, chance says. */
export async function inTheUpdate(): Promise<void> {
  await updateRuns();
  await pause(Math.random() * SOMEWHERE * pace());
}

/** Names of the web nodes that a HAProxy node sends requests to. */
export async function servers(outputs: StackOutputs, haproxy: string): Promise<string[]> {
  const question = "echo 'show stat -1 4 -1 no-maint' | socat - /run/haproxy/admin.sock";
  const { stdout } = await ask(outputs, haproxy, question);
  const up = stdout
    .split("\n")
    .filter((line) => line.startsWith("app,"))
    .flatMap((line) => /(198\.18\.2\.\d+):/.exec(line)?.[1] ?? []);
  return up.map((address) => `web${Number(address.split(".")[3]) - 20}`).sort();
}

/** Names of the web nodes that are machines, whether they run or not. */
export async function domains(): Promise<string[]> {
  const { stdout } = await execa("virsh", [
    ...["-q", "-c", "lxc:///system"],
    ...["list", "--all", "--name"],
  ]);
  return stdout
    .split("\n")
    .filter((name) => name.startsWith(`${stack.prefix}-web`))
    .map((name) => name.slice(stack.prefix.length + 1))
    .sort();
}

/** Machines, HAProxy nodes and the service agree on the pool. @param seconds until then, on a machine of normal speed */
export async function wholePool(
  outputs: StackOutputs,
  size: number,
  seconds: number,
): Promise<string[]> {
  let pool: string[] | undefined;
  await eventually(`a pool of ${size}`, seconds, async () => {
    // It may just be started anew.
    pool = await settled().catch(() => undefined);
    return pool?.length === size;
  });
  const names = [...(pool ?? [])].sort();
  // The bench waits for it as well, which is none of vitest's.
  assert.deepStrictEqual(await domains(), names);
  await eventually("both HAProxy nodes have it", 15, async () => {
    const all = await Promise.all(["haproxy1", "haproxy2"].map((m) => servers(outputs, m)));
    return all.every((up) => up.join() === names.join());
  });
  return names;
}

/** What the last updates said. */
export const updateLog = (): string => fs.readFileSync(new UpdatePlace(place.updates).log, "utf8");

/** Processes of a program of the autoscaler that work for this stack; another's may run beside them. */
export const running = (program: string): number[] =>
  processes().filter((pid) => {
    const words = commandLine(pid).split("\0");
    const ours = words.some((word) => [stack.name, place.updates].includes(word));
    return ours && words.some((word) => word.endsWith(program));
  });

/** The service or the runner of its update ends without a last word. */
export function kill(program: typeof SERVICE | typeof RUNNER): void {
  for (const pid of running(program)) process.kill(pid, "SIGKILL");
}

/**
 * All of them and all that they have started end at once, as when the management machine loses power. Who takes away
 * Ansible's files, which a reboot does, stays and does so.
 */
export async function losePower(): Promise<void> {
  const all = processes().flatMap((pid) => processOf(pid, readProc(pid, "stat")) ?? []);
  const heads = [SUPERVISOR, SERVICE, RUNNER].flatMap(running);
  const pids = new Set(heads.flatMap((pid) => [pid, ...descendants(all, pid).map((p) => p.pid)]));
  const guards = (pid: number) =>
    readProc(pid, "comm").trim() === "sh" && commandLine(pid).includes("hpc-ha-ansible-");
  for (const pid of pids) {
    if (guards(pid)) continue;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has just ended by itself.
    }
  }
  await eventually("they have ended", 10, () =>
    Promise.resolve([SUPERVISOR, SERVICE, RUNNER].flatMap(running).length === 0),
  );
}

/** Without it a HAProxy node can tell nobody how it is; it serves as before. */
const SOCAT = "/usr/bin/socat";

/** HAProxy nodes have no metrics. */
export async function mute(outputs: StackOutputs, ...nodes: string[]): Promise<void> {
  disturbed();
  await Promise.all(nodes.map((node) => ask(outputs, node, `chmod 000 ${SOCAT}`)));
}

/** They have them again; also where they always had. */
export async function unmute(outputs: StackOutputs): Promise<void> {
  await Promise.all(
    ["haproxy1", "haproxy2"].map((node) =>
      ask(outputs, node, `chmod 755 ${SOCAT}`, { reject: false }),
    ),
  );
}
