/**
 * One update of the web pool: `node --import tsx autoscaler/apply/runner.ts DIRECTORY`, where the intent is. It is in a
 * session of its own, so that the service may come and go; what became of it is in a file when it ends.
 */
import { LocalWorkspace, Stack as AutomationStack } from "@pulumi/pulumi/automation";
import { Proxies } from "../../components/entry/proxies";
import { keepingConfig } from "../../site/stack/keepingConfig";
import { PROJECT } from "../../site/stack/backend";
import { Stack } from "../../site/stack";
import { Machines } from "../../lib/machines";
import { startOf } from "../../lib/processes";
import { projectRoot } from "../../lib/project";
import { pause } from "../../lib/wait";
import { machinesOf } from "../../plan/outputs";
import type { Result } from "../updates";
import {
  held,
  isWorthReading,
  kindOf,
  poolEnvironment,
  reasonOf,
  type Seen,
  targetsOf,
} from "./outcome";
import { type Intent, UpdatePlace } from "./place";

/** Told to end, Pulumi finishes what it has begun within this time, s; then it is killed. */
const TO_END = 90;
/** The HAProxy nodes show the pool within this time, s: a server that is back needs two good checks. */
const SHOWS = 10;

const say = (text: string) => console.log(`${new Date().toISOString()} ${text}`);

async function update(intent: Intent, signal: AbortSignal): Promise<Result> {
  const { stack: name, pool } = intent;
  const stack = new Stack(name, say);
  let said = "";
  const fail = (kind: NonNullable<Result["kind"]>, why: string): Result => ({
    at: Date.now(),
    ok: false,
    pool,
    kind,
    why,
  });
  try {
    await stack.recover();
    await keepingConfig(stack.configFile, async () => {
      const workspace = await LocalWorkspace.create({
        workDir: projectRoot,
        envVars: poolEnvironment(pool),
      });
      // It would be the stack that a person's next command in this clone works on.
      workspace.selectStack = () => Promise.resolve();
      const automation = await AutomationStack.select(name, workspace);
      await automation.up({
        target: targetsOf(name, PROJECT),
        signal,
        // Not its events: they would go through a file, with secrets in the clear.
        onOutput: (text) => {
          said += text;
          text.split("\n").filter(isWorthReading).forEach(say);
        },
      });
    });
  } catch (error) {
    const text = `${said}\n${(error as Error).message}`;
    if (signal.aborted) {
      return fail("timeout", `the update took longer than ${intent.seconds} s and was ended`);
    }
    const failed = fail(kindOf(text), reasonOf(text));
    const sick = failed.kind === "failed" ? (await seen(stack, pool)).missing : [];
    return sick.length > 0 && sick.length < pool.length ? { ...failed, sick } : failed;
  }
  const { missing, left } = await seen(stack, pool);
  if (missing.length + left.length === 0) return { at: Date.now(), ok: true, pool };
  const words = [
    ...(missing.length > 0 ? [`${missing.join(", ")} not in rotation`] : []),
    ...(left.length > 0 ? [`${left.join(", ")} still in rotation`] : []),
  ];
  return { ...fail("failed", words.join("; ")), sick: missing };
}

/** What the HAProxy nodes have, as soon as it is the pool. */
async function seen(stack: Stack, pool: string[]): Promise<Seen> {
  const nobody: Seen = { missing: [], left: [] };
  const outputs = await stack.publicOutputs().catch(() => undefined);
  if (!outputs) return nobody;
  const { ssh, failoverPatience: patience } = outputs;
  const proxies = new Proxies(
    new Machines(machinesOf(outputs), ssh, {}, patience),
    outputs.vips.web,
  );
  const addresses = Object.fromEntries(
    pool.flatMap((name) => {
      const address = outputs.addresses["web"]?.[name];
      return address === undefined ? [] : [[name, address]];
    }),
  );
  const end = Date.now() + SHOWS * 1000 * patience;
  for (;;) {
    const rotation = await Promise.all(
      proxies.nodes.map(async (node) => ({
        node,
        servers: await proxies.servers(node).catch(() => undefined),
      })),
    );
    const answered = rotation.flatMap(({ node, servers }) => (servers ? [{ node, servers }] : []));
    const now = held(answered, addresses, Object.keys(outputs.services));
    if (answered.length === 0) return nobody;
    if (now.missing.length + now.left.length === 0 || Date.now() > end) return now;
    await pause(0.5);
  }
}

async function main(directory: string): Promise<void> {
  const place = new UpdatePlace(directory);
  const intent = place.intent.read();
  if (!intent) throw new Error(`${directory} has no intent`);
  if (place.alive()) throw new Error("another runner is at work");
  const since = Date.now();
  const what = `web pool: ${intent.pool.join(", ")} (${intent.why})`;
  place.running.write({ pid: process.pid, started: startOf(process.pid), since, what });
  say(what);
  const abort = new AbortController();
  const end = (reason: string) => abort.abort(new Error(reason));
  process.on("SIGTERM", () => end("told to end"));
  process.on("SIGINT", () => end("told to end"));
  const limit = setTimeout(() => end("too long"), intent.seconds * 1000);
  const hung = setTimeout(
    () => {
      const why = `Pulumi did not end ${TO_END} s after it was told to`;
      place.result.write({ at: Date.now(), ok: false, pool: intent.pool, kind: "timeout", why });
      say(why);
      // All of this session, which is this runner's own.
      process.kill(-process.pid, "SIGKILL");
    },
    (intent.seconds + TO_END) * 1000,
  );
  const result = await update(intent, abort.signal);
  clearTimeout(limit);
  clearTimeout(hung);
  say(result.ok ? "done" : `${result.kind}: ${result.why}`);
  place.result.write(result);
  process.exit(0);
}

main(process.argv[2] ?? "").catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
