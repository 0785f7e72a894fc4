import { existsSync, readFileSync, rmSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { applyScript, type FenceServiceRequest, removeScript } from "../../programs/fenceService";
import { Commands } from "../support/program";

const commands = new Commands();
afterAll(commands.remove);
const got = commands.path("script");
beforeAll(() => {
  // A hypervisor that takes what it is told, and one on which it fails.
  commands.set("ssh", `cat >${got}; echo "$*" >>${got}; case $1 in broken) exit 4; esac`);
});
beforeEach(() => rmSync(got, { force: true }));

const KEY = "S0VZ+/==";
const request = (host: string): FenceServiceRequest => ({
  name: "site-fence-hv2",
  ssh: ["ssh", host],
  uri: "qemu:///system",
  address: "192.168.1.3",
  port: 1229,
  sources: ["192.168.1.10"],
  domains: ["site-slurm-m2"],
  key: KEY,
});

it.each([
  ["apply", applyScript],
  ["remove", removeScript],
])(
  "has the hypervisor %s it, with the script on stdin: nobody sees the key",
  async (action, script) => {
    const { exitCode } = await commands.run(`fenceService ${action}`, request("hv2"));
    expect(exitCode).toBe(0);
    expect(readFileSync(got, "utf8")).toBe(`${script(request("hv2"))}hv2 sh -s\n`);
  },
);

it("fails where the hypervisor does, without the key", async () => {
  const { exitCode, stderr } = await commands.run("fenceService apply", request("broken"));
  expect([exitCode, stderr]).toEqual([1, "apply of fence_virtd failed (exit code 4)"]);
});

it.each([
  ["an unknown action", "fenceService restart", {}, 'no action "restart": apply or remove'],
  ["no action", "fenceService", {}, 'no action "": apply or remove'],
  ["a name that is more than one", "fenceService apply", { name: "a/../b" }, "name: "],
  ["a key that a shell would read", "fenceService apply", { key: "$(id)'" }, "key: "],
])("does nothing for %s", async (_, program, change, why) => {
  const { exitCode, stderr } = await commands.run(program, { ...request("hv2"), ...change });
  expect([exitCode, existsSync(got)]).toEqual([1, false]);
  expect(stderr).toContain(why);
  expect(stderr).not.toContain("$(id)");
});
