import * as fs from "node:fs";
import { tmpdir, userInfo } from "node:os";
import * as path from "node:path";
import type { SshTuning } from "../lib/ssh";

/** How long a connection is kept without use, s: somebody who looks twice looks soon. */
const KEPT = 60;
/** A kept connection ends when the machine was silent for three times as long, s. */
const ALIVE = 1;
/** Longest path of the directory: ssh adds a slash, 40 digits, and 17 characters for a moment, to at most 107 bytes. */
const LONGEST = 107 - 1 - 40 - 17;

/**
 * How machines are asked how they are: one connection each, kept for a while, since the handshakes are most of the
 * cost. A dead machine takes its connection down within 3 s, and the next question tries anew; whoever asks sooner is
 * not answered, as without a kept one. For questions only: a command that changes something has a connection of its own.
 */
export function keptConnections(): SshTuning {
  const directory = privateDirectory(process.env["XDG_RUNTIME_DIR"] ?? tmpdir());
  return directory === undefined
    ? {}
    : { aliveSeconds: ALIVE, shared: { directory, seconds: KEPT } };
}

/** A directory that only this user can use, made when needed; undefined when there cannot be one. */
export function privateDirectory(parent: string): string | undefined {
  const { uid } = userInfo();
  const directory = path.join(parent, `hpc-ha-${uid}`);
  if (Buffer.byteLength(directory) > LONGEST) return undefined;
  try {
    fs.mkdirSync(directory, { mode: 0o700 });
  } catch {
    // It is there, or cannot be: what counts is what is there now.
  }
  const found = fs.lstatSync(directory, { throwIfNoEntry: false });
  // Somebody else's could lead a connection to a machine of theirs.
  const ours = found?.isDirectory() === true && found.uid === uid && (found.mode & 0o077) === 0;
  return ours ? directory : undefined;
}
