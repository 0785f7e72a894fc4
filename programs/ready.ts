import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { z } from "zod";
import { program } from "../lib/program";
import { SSH_FAILED, sshArguments } from "../lib/ssh";
import { until } from "../lib/wait";

export const readySchema = z.strictObject({
  name: z.string().min(1),
  address: z.ipv4(),
  /** The machine's known_hosts line. */
  knownHosts: z.string(),
  sshKeyFile: z.string().min(1),
  /** Longest wait for ssh, s. */
  bootSeconds: z.number().positive(),
});
export type ReadyRequest = z.infer<typeof readySchema>;

/** Longest time for logging in: a machine that boots is slow to greet. s */
const SSH_SECONDS = 30;
/** Longest time for cloud-init to end, which may grow a large disk, s. */
const CLOUD_INIT_SECONDS = 900;
const CLOUD_INIT =
  "cloud-init status --wait >/dev/null || { cloud-init status --long; exit 1; } >&2";

/**
 * Waits until a machine has booted and can be configured: ssh, and the end of cloud-init.
 * @returns how long that took, in words
 * @throws when it does not get there, or another machine answers at its address
 */
export async function becomeReady(request: ReadyRequest): Promise<string> {
  const { bootSeconds, address } = request;
  const dir = mkdtempSync(path.join(tmpdir(), "hpc-ha-ready-"));
  process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
  const knownHostsFile = path.join(dir, "known_hosts");
  writeFileSync(knownHostsFile, request.knownHosts);
  const access = { user: "root", privateKeyFile: request.sshKeyFile, knownHostsFile };
  const who = `${request.name} (${address})`;
  /** Runs a script that may run twice, however long it takes until the machine lets anybody in. */
  const reach = async (script: string, seconds: number): Promise<void> => {
    let said = "";
    const args = [...sshArguments(access, address, { connectSeconds: 15 }), "sh", "-s"];
    const ask = () => {
      const ended = spawnSync("ssh", args, {
        input: script,
        encoding: "utf8",
        timeout: seconds * 1000,
      });
      said = ended.stderr;
      if (/verification failed|Permission denied/i.test(said)) {
        throw new Refusal(`${who} is not the machine made here: ${said}`);
      }
      if (ended.status === 0) return Promise.resolve(true);
      if (ended.status === SSH_FAILED || ended.status === null) return Promise.resolve(false);
      throw new Refusal(`${who}: ${said}`);
    };
    await until("", bootSeconds, ask).catch((error: unknown) => {
      if (error instanceof Refusal) throw error;
      throw new Error(
        `${who} did not answer on ssh, or not finish, within ${bootSeconds} s: ${said}\n` +
          "Look at its console: virsh -c URI console DOMAIN",
      );
    });
  };
  const start = Date.now();
  await reach("exit 0", SSH_SECONDS);
  const booted = Date.now();
  await reach(CLOUD_INIT, CLOUD_INIT_SECONDS);
  const seconds = (from: number, to: number) => ((to - from) / 1000).toFixed(1);
  return `ssh after ${seconds(start, booted)} s, ready ${seconds(booted, Date.now())} s later`;
}

/** Waiting longer does not help. */
class Refusal extends Error {}

if (require.main === module) {
  program(readySchema, async (request) => console.log(await becomeReady(request)));
}
