import * as fs from "node:fs";
import * as path from "node:path";
import type { EngineEvent } from "@pulumi/pulumi/automation";
import { expect, test } from "vitest";
import { UpdateView } from "../../site/stack/updateView";

// Events of Pulumi 3.259 as they came through `--json`, of a component with a password and two commands; without the
// resources' inputs and outputs, and without debug messages but for those that hold the password.
const events = (name: string): EngineEvent[] =>
  fs
    .readFileSync(path.join(__dirname, "fixtures/updates", `${name}.ndjson`), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as EngineEvent);

function shown(all: EngineEvent[]): string[] {
  const view = new UpdateView();
  return [...all.flatMap((event) => view.take(event, event.timestamp * 1000)), ...view.end()];
}

test("what was made and how long it took, the membership's words, no Ansible task", () => {
  expect(shown(events("up"))).toEqual([
    "  + web-extra created (1.0 s)",
    "    web1 takes part in portal",
    "  + web-run created (1.0 s)",
    "  5 created",
  ]);
});

test("what is said at debug level holds a password, and is not shown", () => {
  const up = events("up");
  const secret = /result,,[^"]*?value,,,(\S+?),special/.exec(JSON.stringify(up))?.[1] ?? "";
  expect(secret).toHaveLength(12);
  expect(shown(up).join("\n")).not.toContain(secret);
});

test("a failure: the step at once, at the end its errors and nobody else's, the counts", () => {
  expect(shown(events("failed"))).toEqual([
    "    web1 takes part in portal",
    "  ++ web-run: creating FAILED",
    "  web-run (command:local:Command):",
    "    error: create: exit status 1; the end of its output:",
    "    web1 : base : task one",
    "    1.2 s  web1 takes part in portal",
    "    error: update failed",
    "  4 unchanged",
  ]);
});

test("a replacement, a removal, and a warning of the program", () => {
  expect(shown(events("less"))).toEqual([
    "  warning: careful, warned",
    "    web1 takes part in portal",
    "  ++ web-run created (1.0 s)",
    "  -- web-run deleted (0.0 s)",
    "  - web-extra deleted (0.0 s)",
    "  1 replaced, 1 deleted, 3 unchanged",
  ]);
});

test("a program that throws", () => {
  const lines = shown(events("broke"));
  expect(lines[0]).toMatch(/^ {4}error: Running program '.*' failed/);
  expect(lines[1]).toBe("    Error: program broke");
});

test("a removal; what was looked at before it is no news", () => {
  expect(shown(events("destroy"))).toEqual([
    "  - web-run deleted (0.0 s)",
    "  - web-extra deleted (0.0 s)",
    "  5 deleted",
  ]);
});

const event = (what: Partial<EngineEvent>): EngineEvent => ({ sequence: 1, timestamp: 1, ...what });
const urn = "urn:pulumi:t::hpc-ha::hpc-ha:tier:Tier$command:local:Command::web-run";

test("errors without a summary are shown when it is over", () => {
  const message = `boom\n${"line\n".repeat(40)}`;
  const diagnosticEvent = {
    urn,
    prefix: "error: ",
    message,
    color: "never",
    severity: "error",
  } as const;
  const lines = shown([event({ diagnosticEvent })]);
  expect(lines).toHaveLength(31);
});

test("what Pulumi says after Ctrl-C, and a mandatory policy", () => {
  const stdoutEvent = { message: "^C received; cancelling.\n", color: "never" };
  expect(shown([event({ stdoutEvent })])).toEqual(["^C received; cancelling."]);
  const policyEvent = {
    resourceUrn: urn,
    message: "no password",
    color: "never",
    policyName: "open",
    policyPackName: "p",
    policyPackVersion: "1",
    policyPackVersionTag: "1",
    enforcementLevel: "mandatory",
  } as const;
  expect(shown([event({ policyEvent })])).toEqual([
    "  web-run (command:local:Command):",
    "    policy open: no password",
  ]);
});
