import { readFileSync } from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";
import { AnsibleEvents } from "../../programs/ansibleEvents";

/**
 * What ansible.posix.jsonl wrote, of ansible-core 2.18.19: a play that writes files with copy (also in a loop), blockinfile and
 * template, makes a directory, has a block that is rescued, and a handler. In `failed` its template's check refuses the
 * file, and one machine is not reached.
 */
const captured = (name: string) =>
  readFileSync(path.join(__dirname, "fixtures/ansible", `${name}.jsonl`), "utf8").split("\n");

/** @param seconds between two looks at the clock */
function follow(lines: string[], seconds = 0) {
  let now = -seconds * 1000;
  const events = new AnsibleEvents("web.yml", () => (now += seconds * 1000));
  return { events, said: lines.flatMap((line) => events.line(line)) };
}

it("shows what changed on which machine as it comes, and at the end how much", () => {
  const { events, said } = follow(captured("ok"), 1);
  expect(said).toEqual([
    "   1.0 s  here: Write a file",
    "   2.0 s  here: Write files",
    "   3.0 s  here: Keep a block in a file",
    "   4.0 s  here: Make a directory",
    "   5.0 s  here: FAILED What fails and is mended",
    "   6.0 s  here: Mend it",
    "   7.0 s  here: Write the daemon's settings",
    "   8.0 s  here: Reload",
  ]);
  expect(events.summary()).toBe("   9.0 s  web.yml: machines=1 ok=8 changed=7");
});

it("knows the files that were written, whichever module did it, and nothing else", () => {
  expect(follow(captured("ok")).events.hosts.get("here")?.files).toEqual([
    "/etc/site/one",
    "/etc/site/two",
    "/etc/site/three",
    "/etc/site/two",
    "/etc/site/settings",
  ]);
});

it("what was rescued has not failed", () => {
  const { events } = follow(captured("ok"));
  expect(events.hosts.get("here")?.failure).toBeUndefined();
  expect(events.failure()).toEqual([]);
});

it("says of each machine where and why it failed, in the command's own words", () => {
  const { events } = follow(captured("failed"));
  expect(events.failure()).toEqual([
    "away: Reach the machine: Failed to connect to the host via ssh: ssh: connect to host 127.0.0.1 port 1: Connection refused",
    // One sentence: the file and the reason.
    expect.stringMatching(
      /^here: Write the daemon's settings: failed to validate: line 1 is wrong in /,
    ),
  ]);
});

it("a file that was refused is none that is kept", () => {
  const [line = ""] = captured("ok").filter((text) => text.includes("Block inserted"));
  const refused = line
    .replace("runner_on_ok", "runner_on_failed")
    .replace('"here":{', '$&"failed":true,');
  const files = (lines: string[]) => follow(lines).events.hosts.get("here")?.files;
  expect([files([line]), files([refused])]).toEqual([["/etc/site/two"], []]);
  expect(files(captured("failed"))).not.toContain("/etc/site/settings");
});

it("what Ansible itself fails with is shown, and a long failure is cut", () => {
  const { events, said } = follow(["ERROR! the playbook: web.yml could not be found", "", "WARN"]);
  expect(said).toEqual([]);
  expect(events.failure()).toEqual(["ERROR! the playbook: web.yml could not be found"]);
  const result = { failed: true, msg: "line\n".repeat(40) };
  const event = { _event: "v2_runner_on_failed", task: { name: "Task" }, hosts: { a: result } };
  expect(follow([JSON.stringify(event)]).events.failure()).toHaveLength(12);
});

it("a machine that the end counts as failed has failed, whatever was said of it", () => {
  const stats = { a: { changed: 0, failures: 1, ok: 0, unreachable: 0 } };
  const { events } = follow([JSON.stringify({ _event: "v2_playbook_on_stats", stats })]);
  expect(events.failure()).toEqual(["a: failed"]);
});
