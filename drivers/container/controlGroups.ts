import * as fs from "node:fs";
import { until } from "./host";

// The provider is serialised into the stack's state by Pulumi with all that it reaches, so this file uses Node's own
// modules only, and functions.

/** Longest wait for the processes of a container that is off, ms. */
const END_DEADLINE = 20_000;

/** Removes the groups that the container's first program made, which are empty once it is off. */
export async function removeControlGroups(domain: string): Promise<void> {
  const remove = (dir: string) => {
    for (const entry of fs.readdirSync(dir, { withFileTypes: true })) {
      if (entry.isDirectory()) remove(`${dir}/${entry.name}`);
    }
    fs.rmdirSync(dir);
  };
  const mounts = fs.readFileSync("/proc/self/mounts", "utf8").split("\n");
  for (const [, point = "", type = ""] of mounts.map((line) => line.split(" "))) {
    const dir = `${point}/${domain}`;
    if (!type.startsWith("cgroup") || !fs.existsSync(dir)) continue;
    await until(`the end of ${domain}'s processes`, END_DEADLINE, () => {
      try {
        remove(dir);
        return Promise.resolve(true);
      } catch {
        return Promise.resolve(!fs.existsSync(dir));
      }
    });
  }
}
