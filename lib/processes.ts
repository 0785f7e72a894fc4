import * as fs from "node:fs";

/** Ids of all processes of this machine. */
export const processes = (): number[] =>
  fs
    .readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** A file of a process in /proc; "" when it is gone. */
export const readProc = (pid: number, what: string): string => {
  try {
    return fs.readFileSync(`/proc/${pid}/${what}`, "utf8");
  } catch {
    return "";
  }
};

export const isProcess = (pid: number, name: string): boolean =>
  readProc(pid, "comm").trim() === name;

export const commandLine = (pid: number): string => readProc(pid, "cmdline");

/** When a process was started, in ticks of the kernel's clock since the boot; "" when it is gone. */
export const startOf = (pid: number): string =>
  // The name, in brackets, may hold blanks; the start is the 22nd field.
  readProc(pid, "stat").split(") ").at(-1)?.split(" ")[19] ?? "";
