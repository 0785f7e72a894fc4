import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import { pinnedSsh, sshArguments, SSH_FAILED } from "../../lib/ssh";
import { personal } from "../../plan/sshKeys";
import type { ReachedHost } from "../slurm/nodeSsh";

/** What came of a program on a machine. */
export type Said =
  | { kind: "done"; lines: string[] }
  /** It is off, or nobody gets to it: others go on without it. */
  | { kind: "away"; why: string }
  /** It, or its ssh, does not want it; nothing but that is known of what was done. */
  | { kind: "refused"; why: string };

/** What a machine says first, before anything is done there: root has read all that it was told. */
const ROOT = "hpc-ha: root";

/**
 * Shell text that says so. None of it runs before all of it has come: of a connection that breaks nothing is done by halves,
 * and no command there takes what follows for its input.
 */
export const whole = (text: string): string =>
  `{\n[ "$(id -u)" = 0 ] || exit 1\necho '${ROOT}'\n${text}\n}\n`;

/** Runs shell text as root on a machine. @param seconds longest time */
export type Reach = (
  host: ReachedHost,
  text: string,
  words: string[],
  seconds: number,
) => Promise<Said>;

/** ssh and its arguments for a machine. @param keyFile where its key is */
export function commandFor(host: ReachedHost, keyFile: string, words: string[]): string[] {
  const { user, port, address, hostKey, knownHostsFile = "" } = host;
  const access = { user, privateKeyFile: keyFile };
  const known = { ...access, knownHostsFile: personal(knownHostsFile) };
  const tuning = { connectSeconds: 10, aliveSeconds: 15, port };
  const ssh =
    hostKey === undefined
      ? ["ssh", ...sshArguments(known, address, tuning)]
      : pinnedSsh(access, { address, hostKey }, tuning);
  // On stdin: what it is told has secrets.
  return [...ssh, [user === "root" ? "sh -s" : "sudo -n sh -s", ...words].join(" ")];
}

/** What an end of ssh means. Pure. */
export function meaning(
  { user, at, name }: ReachedHost,
  {
    exitCode,
    stdout,
    stderr,
    timedOut,
  }: { exitCode?: number; stdout: string; stderr: string; timedOut: boolean },
): Said {
  const last = stderr.trim().split("\n").at(-1) ?? "";
  if (timedOut) return { kind: "away", why: "it did not come to an end in time" };
  if (exitCode !== SSH_FAILED) {
    const lines = stdout.split("\n").filter((l) => l !== "");
    const why = last || `it failed (${exitCode})`;
    // Whatever its shell or sudo say: in whose words, and before or after that, is theirs.
    const root = lines.indexOf(ROOT);
    if (root < 0) {
      const not =
        user === "root"
          ? `it does not run what ${user} tells it`
          : `${user} may not become root there without a password`;
      return { kind: "refused", why: `${not} (${at}.user): ${why}` };
    }
    if (exitCode !== 0) return { kind: "refused", why };
    return { kind: "done", lines: lines.slice(root + 1) };
  }
  if (/Host key verification failed|host key is known|HOST IDENTIFICATION/i.test(stderr)) {
    return {
      kind: "refused",
      why: `it has not the host key that ${at} says of ${name}: if it was made anew, its new key belongs there`,
    };
  }
  if (/Permission denied|Too many authentication failures/i.test(stderr)) {
    return {
      kind: "refused",
      why: `it does not let ${user} in with the key of ${at} (or of ssh.privateKeyFile)`,
    };
  }
  return { kind: "away", why: last || "it does not answer" };
}

/**
 * Work on machines by ssh.
 * @param ownKeyFile private key for those that have none of their own
 * @param signal when it is aborted, what runs is ended
 */
export async function reaching<T>(
  ownKeyFile: string,
  signal: AbortSignal | undefined,
  work: (reach: Reach) => Promise<T>,
): Promise<T> {
  const directory = fs.mkdtempSync(path.join(tmpdir(), "hpc-ha-hosts-"));
  const files = new Map<string, string>();
  const keyFile = ({ privateKey, privateKeyFile = ownKeyFile }: ReachedHost): string => {
    if (privateKey === undefined) return personal(privateKeyFile);
    const file = files.get(privateKey) ?? path.join(directory, `key${files.size}`);
    // Without a newline at its end ssh takes it for damaged.
    if (!files.has(privateKey))
      fs.writeFileSync(file, `${privateKey.trim()}\n`, { mode: 0o600, flag: "wx" });
    files.set(privateKey, file);
    return file;
  };
  const reach: Reach = async (host, text, words, seconds) => {
    signal?.throwIfAborted();
    const [file = "ssh", ...args] = commandFor(host, keyFile(host), words);
    const options = { input: whole(text), reject: false, timeout: seconds * 1000 } as const;
    const child = execa(file, args, options);
    const end = () => child.kill();
    signal?.addEventListener("abort", end);
    const said = await child.finally(() => signal?.removeEventListener("abort", end));
    return meaning(host, said);
  };
  try {
    return await work(reach);
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}
