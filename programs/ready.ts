import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { z } from "zod";
import { program } from "../lib/program";
import { type SshAccess, SSH_FAILED, sshArguments } from "../lib/ssh";
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

/** For one connection, s. */
const CONNECT_SECONDS = 15;
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
  const dir = mkdtempSync(path.join(tmpdir(), "hpc-ha-ready-"));
  const knownHostsFile = path.join(dir, "known_hosts");
  writeFileSync(knownHostsFile, request.knownHosts);
  const access = { user: "root", privateKeyFile: request.sshKeyFile, knownHostsFile };
  try {
    const start = Date.now();
    await reach(request, access, "exit 0", SSH_SECONDS);
    const booted = Date.now();
    await reach(request, access, CLOUD_INIT, CLOUD_INIT_SECONDS);
    const seconds = (from: number, to: number) => ((to - from) / 1000).toFixed(1);
    return `ssh after ${seconds(start, booted)} s, ready ${seconds(booted, Date.now())} s later`;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/**
 * Runs a script that may run twice, however long it takes until the machine lets anybody in.
 * @param seconds longest time of one attempt
 */
async function reach(
  { name, address, bootSeconds }: ReadyRequest,
  access: SshAccess,
  script: string,
  seconds: number,
): Promise<void> {
  const who = `${name} (${address})`;
  const args = [...sshArguments(access, address, { connectSeconds: CONNECT_SECONDS }), "sh", "-s"];
  let said = "";
  const ask = (): Promise<boolean> => {
    const options = { input: script, encoding: "utf8", timeout: seconds * 1000 } as const;
    const { status, stderr, error } = spawnSync("ssh", args, options);
    if (error && "code" in error && error.code === "ENOENT") throw error;
    said = stderr;
    if (/verification failed|Permission denied/i.test(said)) {
      throw new Error(`${who} is not the machine made here: ${said}`);
    }
    if (status === 0) return Promise.resolve(true);
    if (status === SSH_FAILED || status === null) return Promise.resolve(false);
    throw new Error(`${who}: ${said}`);
  };
  const what = () =>
    `${who} answers on ssh, and is done: ${said}\nLook at its console: virsh -c URI console DOMAIN`;
  await until(what, bootSeconds, ask);
}

if (require.main === module) {
  program(readySchema, async (request) => console.log(await becomeReady(request)));
}
