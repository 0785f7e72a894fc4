import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Context } from "../../cli/command";
import { recover } from "../../cli/commands/recover";
import { restart } from "../../cli/commands/restart";
import { switchover } from "../../cli/commands/switchover";

let directory: string;
const before = process.env["PATH"];
/** An ssh in the place of the real one, to a site that somebody else has locked. */
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), "site-lock-"));
  const holder = JSON.stringify({ who: "anna@admin1", since: "now", what: "pulumi up" });
  const ssh = `#!/bin/sh
for last; do :; done
case $last in *flock*) printf 'taken\\n7\\n%s\\n' '${holder}' ;; *) echo "$last" >>${directory}/sent ;; esac`;
  writeFileSync(path.join(directory, "ssh"), ssh);
  chmodSync(path.join(directory, "ssh"), 0o755);
  writeFileSync(path.join(directory, "sent"), "");
  process.env["PATH"] = `${directory}:${before}`;
});
afterEach(() => {
  process.env["PATH"] = before;
  rmSync(directory, { recursive: true });
});

it.each([
  ["restart web", restart],
  ["switchover controllers", switchover],
  ["switchover entry", switchover],
  ["recover galera", recover],
])("npx hpc %s does nothing to a site that somebody else has locked", async (words, command) => {
  const context = {
    outputs: {
      addresses: { entry: { haproxy1: "10.0.0.151" }, galera: { galera1: "10.0.0.141" } },
      vips: { slurm: "10.0.0.100", web: "10.0.0.101", data: "10.0.0.102" },
      services: {},
      ssh: { user: "root", privateKeyFile: "key", knownHostsFile: "hosts" },
      failoverPatience: 1,
    },
    args: words.split(" ").slice(1),
    flags: {},
    progress: () => undefined,
  } as unknown as Context;
  await expect(command(context)).rejects.toThrow(
    "the site is locked (on haproxy1) by anna@admin1 since now, for: pulumi up.",
  );
  expect(readFileSync(path.join(directory, "sent"), "utf8")).toBe("");
});
