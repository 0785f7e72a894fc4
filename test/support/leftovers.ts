import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { hpcHome } from "../../lib/home";

/** What a stack may leave on this machine: domains, networks, mounts, directories, processes. */
export async function leftovers(prefix: string): Promise<string[]> {
  const list = async (what: string, file: string, ...args: string[]) =>
    (await execa(file, args)).stdout
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line === prefix || line.includes(`${prefix}-`))
      .map((line) => `${what} ${line}`);
  const site = path.join(hpcHome(), "sites", prefix);
  return [
    ...(await list("domain", "virsh", "-q", "-c", "lxc:///system", "list", "--all", "--name")),
    ...(await list(
      "network",
      "virsh",
      "-q",
      "-c",
      "qemu:///system",
      "net-list",
      "--all",
      "--name",
    )),
    ...(await list("process", "ps", "-eo", "args")),
    ...fs
      .readFileSync("/proc/self/mounts", "utf8")
      .split("\n")
      .map((line) => line.split(" ")[1] ?? "")
      .filter((mount) => mount.startsWith(`${site}/`))
      .map((mount) => `mount ${mount}`),
    ...(await list("control group", "find", "/sys/fs/cgroup", "-maxdepth", "2", "-type", "d")),
    ...(fs.existsSync(site) ? [`directory ${site} with ${fs.readdirSync(site).join(", ")}`] : []),
  ];
}
