import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import type { RunRequest } from "../components/ansible";
import { becomeReady, type ReadyRequest } from "./ready";

/** What `main` reads from stdin. */
export interface GateRequest {
  /** Of the machine that the gate belongs to. */
  incarnation: string;
  /** How it is known to have booted. */
  ready: ReadyRequest;
  /** Makes the machine part of its set again. */
  run: RunRequest;
  /** URLs that must answer 200 after it. */
  probes: string[];
  /** Longest wait for them, s. */
  seconds: number;
}

/** Whether the gate has work: not for a new machine, whose whole set is configured later. */
export const isMadeAnew = (previous: string | undefined, incarnation: string): boolean =>
  previous !== undefined && previous.trim() !== incarnation;

async function main(): Promise<void> {
  const request = JSON.parse(await text(process.stdin)) as GateRequest;
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

async function healthy(url: string, seconds: number): Promise<void> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
    if (answer?.status === 200) return;
    if (Date.now() > end) throw new Error(`${url} is not healthy after ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  });
}
