/** How role users keeps sssd running with what was written for it, on a machine of files and commands of the test's. */
import { mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";
import * as yaml from "js-yaml";
import { afterAll, beforeEach, expect, it } from "vitest";
import { projectRoot } from "../../lib/project";
import { Commands } from "../support/program";

const commands = new Commands();
afterAll(commands.remove);
const role = (name: string) =>
  yaml.load(readFileSync(path.join(projectRoot, "ansible/roles", name), "utf8"));
const shell = (
  role("users/tasks/ldap.yml") as { name: string; "ansible.builtin.shell": { cmd: string } }[]
).find(({ name }) => name === "Keep sssd running with them")?.["ansible.builtin.shell"];
if (!shell) throw new Error("there is no such task");
const { cmd } = shell;
const { base_unread } = role("base/vars/main.yml") as { base_unread: string };

const file = (name: string) => commands.path("etc", name);
const log = commands.path("log");
const running = commands.path("running");
/** Writes a file as at this time of the day; sssd was started at 09:00. */
function written(name: string, text: string, time: string): void {
  writeFileSync(file(name), text);
  const at = new Date(`2026-11-27T${time}Z`);
  utimesSync(file(name), at, at);
}

beforeEach(() => {
  rmSync(file(""), { recursive: true, force: true });
  mkdirSync(file("sssd"), { recursive: true });
  for (const name of ["sssd/sssd.conf", "sssd/site-ca.pem"]) written(name, "", "08:00:00");
  writeFileSync(file("nsswitch.conf"), "passwd: files sss\ngroup: files sss\nhosts: files\n");
  writeFileSync(log, "");
  writeFileSync(running, "");
  commands.set(
    "systemctl",
    `case "$1 $2" in
show*) [ -e ${running} ] && echo ActiveState=active || echo ActiveState=inactive
  for time in InactiveExit ActiveEnter StateChange; do echo "\${time}Timestamp=Fri 2026-11-27 09:00:00.000000 UTC"; done ;;
"-q is-active") [ -e ${running} ] ;;
"-q is-enabled") ;;
*) echo "$*" >>${log}; case $1 in start) : >${running} ;; stop) rm -f ${running} ;; esac ;;
esac
`,
  );
  // Nobody runs whose answers it could still be given.
  commands.set("sss_cache", `[ ! -e ${running} ] && echo "forget $*" >>${log}`);
});

async function keep(check = false): Promise<string[]> {
  const text = cmd
    .replace("{{ base_unread }}", base_unread)
    .replace("{{ 'exit' if ansible_check_mode }}", check ? "exit" : "")
    .replaceAll("/etc/", `${file("")}/`);
  const { stdout } = await execa("bash", ["-c", text], {
    env: { PATH: `${commands.path("bin")}:${process.env["PATH"]}` },
  });
  return [stdout, ...readFileSync(log, "utf8").trim().split("\n")].filter((line) => line !== "");
}
const ANEW = ["changed", "enable -q sssd", "stop sssd", "forget -E", "start sssd"];

it("leaves one alone that has read all", async () => {
  expect(await keep()).toEqual([]);
});

it.each(["sssd/sssd.conf", "sssd/site-ca.pem"])(
  "starts it anew where %s came since, and what it knew is asked for again",
  async (name) => {
    written(name, "new", "09:00:01");
    expect(await keep(true)).toEqual(["changed"]);
    expect(await keep()).toEqual(ANEW);
  },
);

it("does the same where it does not run, as where a run was cut off", async () => {
  rmSync(running);
  expect(await keep()).toEqual(ANEW);
});

it("has names looked up by it", async () => {
  writeFileSync(file("nsswitch.conf"), "passwd: files\ngroup: files sss\nhosts: files\n");
  expect(await keep()).toEqual(ANEW);
  expect(readFileSync(file("nsswitch.conf"), "utf8")).toBe(
    "passwd: files sss\ngroup: files sss\nhosts: files\n",
  );
});
