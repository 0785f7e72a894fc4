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
