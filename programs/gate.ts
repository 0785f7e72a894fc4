import { spawn } from "node:child_process";
import { z } from "zod";
import { program } from "../lib/program";
import { until } from "../lib/wait";
import { runSchema, type RunRequest } from "./ansible";
import { becomeReady, readySchema } from "./ready";

/** Holds secrets. */
const gateSchema = z.strictObject({
  /** Of the machine that the gate belongs to. */
  incarnation: z.string(),
  /** How it is known to have booted. */
  ready: readySchema,
  /** Makes the machine part of its set again. */
  run: runSchema,
  /** URLs that must answer 200 after it. */
  probes: z.array(z.url()),
  /** Longest wait for them, s. */
  seconds: z.number().min(0),
});
export type GateRequest = z.infer<typeof gateSchema>;

/** Whether the gate has work: not for a new machine, whose whole set is configured later. */
export const isMadeAnew = (previous: string | undefined, incarnation: string): boolean =>
  previous !== undefined && previous.trim() !== incarnation;

async function pass(request: GateRequest): Promise<void> {
  // Pulumi hands over what the last successful run printed.
  if (isMadeAnew(process.env["PULUMI_COMMAND_STDOUT"], request.incarnation)) {
    await becomeReady(request.ready);
    await configure(request.run);
    await Promise.all(request.probes.map((url) => healthy(url, request.seconds)));
  }
  console.log(request.incarnation);
}

async function configure(run: RunRequest): Promise<void> {
  const child = spawn("node", ["--import", "tsx", "programs/ansible.ts"], {
    stdio: ["pipe", process.stderr, process.stderr],
  });
  child.stdin.end(JSON.stringify(run));
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => child.kill(signal));
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error("The set is not whole: no other member was touched");
}

const healthy = (url: string, seconds: number) =>
  until(`${url} is healthy`, seconds, async () => {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
    return answer?.status === 200;
  });

if (require.main === module) program(gateSchema, pass);
