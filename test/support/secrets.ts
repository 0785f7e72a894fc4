import { commandLine, processes } from "../../lib/processes";

/** Pulumi's mark of a secret in an exported state. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
/** Shorter texts are found by chance. */
const SHORTEST = 16;

/** A text that must be seen nowhere, and what it is. */
export interface Needle {
  text: string;
  name: string;
}

/**
 * Every secret of a state that was exported with its secrets, and its encodings.
 * @param known texts that are no secrets wherever they are, as those of the stack's config
 */
export function needlesOf(deployment: unknown, known: Set<string>): Needle[] {
  const secrets = new Map<string, string>();
  const add = (text: string, name: string) => {
    for (const secret of secretsIn(text)) {
      if (!known.has(secret) && !secrets.has(secret)) secrets.set(secret, name);
    }
  };
  for (const [text, name] of leaves(deployment, "", false)) add(text, name);
  return [...secrets].flatMap(([text, name]) =>
    [...new Set(encodings(text))].map((encoded) => ({ text: encoded, name })),
  );
}

/** Texts inside secret values, with where they are; a JSON document in a text is looked into. */
function* leaves(value: unknown, name: string, secret: boolean): Generator<[string, string]> {
  if (typeof value === "string") {
    const inner = parsed(value);
    if (typeof inner === "object" || typeof inner === "string") yield* leaves(inner, name, secret);
    else if (secret) yield [value, name];
  } else if (typeof value === "object" && value !== null) {
    if (SIGNATURE in value) {
      yield* leaves((value as { plaintext?: unknown }).plaintext, name, true);
      return;
    }
    const urn = (value as { urn?: unknown }).urn;
    const start = typeof urn === "string" ? (urn.split("::").at(-1) ?? urn) : name;
    for (const [key, child] of Object.entries(value)) {
      // A hash of the roles, in the request of an Ansible run.
      if (key !== "sources") yield* leaves(child, `${start}.${key}`, secret);
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What of a text is secret: the lines of private keys, or all of it where it looks generated. */
function secretsIn(text: string): string[] {
  const keys = [...text.matchAll(/-----BEGIN [A-Z ]*PRIVATE KEY-----\n([^-]+)/g)];
  if (keys.length > 0) return keys.flatMap((k) => (k[1] ?? "").split("\n")).filter(long);
  return /^[A-Za-z0-9+/]+={0,2}$/.test(text) && long(text) ? [text] : [];
}
const long = (text: string) => text.length >= SHORTEST;

/** The text itself, in hexadecimal, and in base64 wherever it begins in what was encoded. */
function encodings(text: string): string[] {
  const hex = Buffer.from(text).toString("hex");
  const base64 = [0, 1, 2].map((shift) => {
    const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(text)]);
    // Characters at the ends also carry bits of the neighbours.
    return bytes
      .toString("base64")
      .slice(Math.ceil((shift * 8) / 6), Math.floor((bytes.length * 8) / 6));
  });
  return [text, hex, hex.toUpperCase(), ...base64];
}

/** Names of the needles that a text has. */
export const seenIn = (text: string, needles: Needle[]): string[] => [
  ...new Set(needles.filter((n) => text.includes(n.text)).map((n) => n.name)),
];

/** Reads the command lines of this machine over and over, as anybody can; containers' processes are among them. */
export class CommandLines {
  /** "program: secret" of each that had one. */
  readonly found = new Set<string>();
  /** Processes seen. */
  readonly count = new Set<number>();
  private readonly young = new Map<number, number>();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly needles: Needle[]) {
    this.timer = setInterval(() => this.look(), 20);
  }

  stop = () => clearInterval(this.timer);

  private look(): void {
    const now = Date.now();
    for (const pid of processes()) {
      // A new process soon becomes another program; after a second it stays what it is.
      const first = this.young.get(pid) ?? now;
      this.young.set(pid, first);
      if (now - first > 1000) continue;
      const line = commandLine(pid);
      // It has ended.
      if (line === "") continue;
      const program = line.split("\0").slice(0, 2).join(" ").slice(0, 60);
      this.count.add(pid);
      for (const name of seenIn(line, this.needles)) this.found.add(`${program}: ${name}`);
    }
  }
}
