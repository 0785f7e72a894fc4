import * as fs from "node:fs";
import { commandLine, isProcess, processes } from "../../lib/processes";
import { type Place, machineDirectory } from "../place";
import { removeControlGroups } from "./controlGroups";
import { run, virsh } from "./host";

/**
 * Removes what the driver made for a site by its names, without Pulumi's state: containers, daemons, mounts, directories
 * and the network. What is not there is no error.
 * @throws with what a program said that could not remove something
 */
export async function sweepContainers(place: Pick<Place, "prefix" | "home">): Promise<void> {
  const site = `${machineDirectory(place, "")}/`;
  const domains = (await virsh("list", "--all", "--name")).split("\n").map((name) => name.trim());
  for (const domain of domains.filter((name) => name.startsWith(`${place.prefix}-`))) {
    // Another stack's name may begin like this one's; the disks tell them apart.
    if (!(await virsh("dumpxml", domain)).includes(`'${site}`)) continue;
    await virsh("destroy", domain).catch(() => undefined);
    await virsh("undefine", domain).catch(() => undefined);
    await removeControlGroups(domain);
  }
  // Fencing of a site that is gone: one that stayed would answer for the next one, with the old key.
  for (const pid of processes().filter((pid) => isProcess(pid, "fence_virtd"))) {
    if (commandLine(pid).includes(site)) process.kill(pid, "SIGTERM");
  }
  for (const line of fs.readFileSync("/proc/self/mounts", "utf8").split("\n")) {
    const mount = line.split(" ")[1] ?? "";
    if (mount.startsWith(site)) await run("umount", [mount]);
  }
  fs.rmSync(site, { recursive: true, force: true });
  await removeNetwork(place.prefix);
}

async function removeNetwork(name: string): Promise<void> {
  const net = (...args: string[]) => run("virsh", ["-q", "-c", "qemu:///system", ...args]);
  const all = (await net("net-list", "--all", "--name")).split("\n").map((n) => n.trim());
  if (!all.includes(name)) return;
  await net("net-destroy", name).catch(() => undefined);
  await net("net-undefine", name);
}
