import * as child from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";

// The provider is serialised into the stack's state by Pulumi with all that it reaches, so this file uses Node's own
// modules only, and functions.

const URI = "lxc:///system";

/** Runs a program; what it said. @throws with what it said */
export function run(command: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    child.execFile(command, args, { maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      if (error)
        reject(new Error(`${command} ${args.join(" ")}: ${stderr.trim() || error.message}`));
      else resolve(stdout.trim());
    });
  });
}

export const virsh = (...args: string[]) => run("virsh", ["-q", "-c", URI, ...args]);

/** "absent", or libvirt's word: "running", "shut off", "paused", … */
export async function domainState(domain: string): Promise<string> {
  const all = await virsh("list", "--all", "--name");
  return all.split("\n").includes(domain) ? virsh("domstate", domain) : "absent";
}

export async function until(what: string, deadline: number, ready: () => Promise<boolean>) {
  const end = Date.now() + deadline;
  while (!(await ready())) {
    if (Date.now() > end) throw new Error(`${what} did not happen within ${deadline / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The last part of a site leaves nothing behind; with others there, or when another was faster, nothing is done. */
export function removeParentIfEmpty(directory: string): void {
  try {
    fs.rmdirSync(directory.replace(/\/[^/]*$/, ""));
  } catch (error) {
    if (!/ENOTEMPTY|ENOENT/.test(String(error))) throw error;
  }
}

/** Whether something is mounted there. */
export const isMounted = (dir: string) =>
  fs
    .readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .some((line) => line.split(" ")[1] === dir);

/** Whether an ssh server greets at the address. */
export function sshAnswers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port: 22, timeout: 1000 });
    const done = (ok: boolean) => {
      socket.destroy();
      resolve(ok);
    };
    socket.once("data", (data) => done(data.toString().startsWith("SSH-")));
    socket.once("error", () => done(false));
    socket.once("timeout", () => done(false));
    socket.once("close", () => done(false));
  });
}
