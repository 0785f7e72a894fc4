import * as fs from "node:fs";
import type { Decision } from "../model";

/** How much is kept. */
export interface LogLimits {
  /** A file is put aside before it gets larger, bytes. */
  bytes: number;
  /** Files that were put aside and are kept. */
  files: number;
}

/** A look at ten nodes with eight services is 7 kB, a day of them 20 MB: a week and more, and what greps well. */
const LIMITS: LogLimits = { bytes: 16_000_000, files: 10 };
/** What is read at once, from the end, bytes. */
const CHUNK = 65_536;

/** Every decision as a line of JSON: in `file`, those before in `file.1`, and so on. */
export class DecisionLog {
  constructor(
    private readonly file: string,
    private readonly limits = LIMITS,
  ) {}

  /** It is on the disk when this returns. @throws Error when it cannot be */
  append(decision: Decision): void {
    const line = `${JSON.stringify(decision)}\n`;
    const before = this.size();
    if (before > 0 && before + line.length > this.limits.bytes) this.rotate();
    const descriptor = fs.openSync(this.file, "a+", 0o600);
    try {
      // What a crash has torn off stays a line of its own.
      fs.writeSync(descriptor, this.endsWhole(descriptor) ? line : `\n${line}`);
      fs.fsyncSync(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
  }

  /** The last ones, the oldest first. */
  tail(n: number): Decision[] {
    const found: Decision[] = [];
    for (const decision of this.backwards()) {
      if (found.length >= n) break;
      found.push(decision);
    }
    return found.reverse();
  }

  /** Those of this moment and later, ms since 1970; the oldest first. */
  since(at: number): Decision[] {
    const found: Decision[] = [];
    for (const decision of this.backwards()) {
      if (decision.at < at) break;
      found.push(decision);
    }
    return found.reverse();
  }

  private *backwards(): Generator<Decision> {
    for (const file of this.names()) {
      if (!fs.existsSync(file)) return;
      for (const line of linesBackwards(file)) {
        const decision = parsed(line);
        if (decision) yield decision;
      }
    }
  }

  /** The newest first. */
  private names(): string[] {
    const old = Array.from({ length: this.limits.files }, (_, i) => `${this.file}.${i + 1}`);
    return [this.file, ...old];
  }

  private size(): number {
    return fs.statSync(this.file, { throwIfNoEntry: false })?.size ?? 0;
  }

  private endsWhole(descriptor: number): boolean {
    const { size } = fs.fstatSync(descriptor);
    const last = Buffer.alloc(1);
    return size === 0 || (fs.readSync(descriptor, last, 0, 1, size - 1) === 1 && last[0] === 10);
  }

  private rotate(): void {
    const names = this.names();
    for (let i = names.length - 1; i > 0; i--) {
      const [from = "", to = ""] = [names[i - 1], names[i]];
      if (fs.existsSync(from)) fs.renameSync(from, to);
    }
  }
}

/** A file's lines from its end, without reading all of it. */
function* linesBackwards(file: string): Generator<string> {
  const descriptor = fs.openSync(file, "r");
  try {
    let end = fs.fstatSync(descriptor).size;
    // Whole lines are cut from bytes: a chunk may begin within a character.
    let rest: Buffer = Buffer.alloc(0);
    while (end > 0) {
      const begin = Math.max(0, end - CHUNK);
      const chunk = Buffer.alloc(end - begin);
      fs.readSync(descriptor, chunk, 0, chunk.length, begin);
      rest = Buffer.concat([chunk, rest]);
      end = begin;
      for (let at = rest.lastIndexOf(10); at !== -1; at = rest.lastIndexOf(10)) {
        yield rest.subarray(at + 1).toString();
        rest = rest.subarray(0, at);
      }
    }
    yield rest.toString();
  } finally {
    fs.closeSync(descriptor);
  }
}

/** undefined: torn, or of nobody who knows the form. */
function parsed(line: string): Decision | undefined {
  try {
    const decision = JSON.parse(line) as Decision;
    return Array.isArray(decision.votes) ? decision : undefined;
  } catch {
    return undefined;
  }
}
