/** Pure reading of what HAProxy 2.6 answers on its runtime socket. */

/** Address of a slot that holds no server. */
export const EMPTY = "0.0.0.0";

/** One server line of a web backend. */
export interface Slot {
  backend: string;
  /** Server name in the configuration: slot1, slot2, … Says nothing of who is in it. */
  server: string;
  /** Address of the web node in it, or EMPTY. */
  address: string;
  port: number;
  /** What an administrator asked for; `maint` is also the state of an unused slot. */
  admin: "ready" | "drain" | "maint";
  /** Whether health checks run: without them a server counts as up whatever happens. */
  checked: boolean;
  /** Sessions (requests being served and WebSockets) and requests waiting for this server. */
  sessions: number;
  /** Whether HAProxy sends it traffic as far as its health goes. */
  up: boolean;
  /** Result of the last check as HAProxy words it, e.g. "L7OK"; "" when there was none yet. */
  lastCheck: string;
}

/** One HAProxy node as seen at one moment. */
export interface Observed {
  slots: Slot[];
  /** Time of the last change of membership, s since 1970; 0 when there was none. See plan.ts. */
  generation: number;
}

/**
 * Bits of srv_admin_state: forced, inherited and resolution maintenance. Not 0x04: it says only that
 * the configuration has the slot disabled, and stays when the slot is in use.
 */
const MAINT_BITS = 0x01 | 0x02 | 0x20;
/** Forced and inherited drain. */
const DRAIN_BITS = 0x08 | 0x10;
/** Bit of srv_check_state: checks are enabled. */
const CHECK_ENABLED = 0x04;
/** Bit of srv_check_state: checks are paused. */
const CHECK_PAUSED = 0x08;

/**
 * Reads the answer of `show servers state; show stat -1 4 -1`.
 * @param text both answers, in this order
 * @param backends names of the web backends; others are left out
 * @throws Error when the text is not such an answer, or a backend is missing
 */
export function parseObservation(text: string, backends: string[]): Observed {
  const cut = text.indexOf("# pxname,");
  if (cut < 0) throw new Error(`HAProxy answered without statistics: ${excerpt(text)}`);
  const stats = new Map(parseStats(text.slice(cut)).map((s) => [`${s.pxname}/${s.svname}`, s]));
  const wanted = new Set(backends);
  const rows = parseServersState(text.slice(0, cut));
  const slots = rows
    .filter((row) => wanted.has(row.be_name ?? ""))
    .map((row) => toSlot(row, stats.get(`${row.be_name}/${row.srv_name}`)));
  const missing = backends.filter((b) => !slots.some((s) => s.backend === b));
  if (missing.length > 0) {
    throw new Error(`HAProxy has no backend ${missing.join(", ")}: its configuration is older`);
  }
  const clock = rows.find((r) => r.be_name === "membership");
  const generation = (clock?.srv_addr ?? EMPTY)
    .split(".")
    .reduce((n, byte) => n * 256 + Number(byte), 0);
  return { slots, generation };
}

function toSlot(row: Record<string, string>, stat: Record<string, string> | undefined): Slot {
  const admin = Number(row.srv_admin_state);
  const check = Number(row.srv_check_state);
  return {
    backend: row.be_name ?? "",
    server: row.srv_name ?? "",
    address: row.srv_addr ?? "",
    port: Number(row.srv_port),
    admin: admin & MAINT_BITS ? "maint" : admin & DRAIN_BITS ? "drain" : "ready",
    checked: (check & CHECK_ENABLED) !== 0 && (check & CHECK_PAUSED) === 0,
    sessions: Number(stat?.scur ?? 0) + Number(stat?.qcur ?? 0),
    up: row.srv_op_state !== "0",
    lastCheck: (stat?.check_status ?? "").replace(/^\* /, ""),
  };
}

/** Reads `show servers state` (format 1): one record a server, keyed by the header's names. */
export function parseServersState(text: string): Record<string, string>[] {
  const lines = text.split("\n").filter((l) => l.trim() !== "");
  const header = lines[1];
  if (lines[0]?.trim() !== "1" || !header?.startsWith("# ")) {
    throw new Error(`not a servers state in format 1: ${excerpt(text)}`);
  }
  const names = header.slice(2).trim().split(" ");
  return lines.slice(2).map((line) => record(names, line.trim().split(" ")));
}

/** Reads `show stat` (CSV): one record a line, keyed by the header's names. */
export function parseStats(text: string): Record<string, string>[] {
  const lines = text.split("\n").filter((l) => l.trim() !== "");
  const header = lines[0];
  if (!header?.startsWith("# pxname,")) throw new Error(`not statistics: ${excerpt(text)}`);
  const names = header.slice(2).split(",");
  return lines.slice(1).map((line) => record(names, csvFields(line)));
}

/** Fields of one CSV line; quotes hold commas, doubled quotes a quote. */
function csvFields(line: string): string[] {
  const matches = line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g);
  return [...matches].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "");
}

const record = (names: string[], values: string[]): Record<string, string> =>
  Object.fromEntries(names.map((n, i) => [n, values[i] ?? ""]));

const excerpt = (text: string) => JSON.stringify(text.slice(0, 120));
