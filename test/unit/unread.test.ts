import { readFileSync, utimesSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";
import * as yaml from "js-yaml";
import { afterAll, describe, expect, it } from "vitest";
import { projectRoot } from "../../lib/project";
import { Commands } from "../support/program";

const commands = new Commands();
afterAll(commands.remove);
const vars = yaml.load(
  readFileSync(path.join(projectRoot, "ansible/roles/base/vars/main.yml"), "utf8"),
) as { base_unread: string; base_keep: string };
const keep = (check: boolean) =>
  vars.base_keep
    .replace("{{ base_unread }}", vars.base_unread)
    .replace(/\{\{ 'return' if .*? \}\}/, check ? "return" : "");

const STARTED = "Fri 2026-11-27 01:11:20.696114 UTC";
const ACTIVE = "Fri 2026-11-27 01:12:20.125000 UTC";
const RELOADED = "Fri 2026-11-27 01:13:23.673480 UTC";
/** What systemd 252 says of a unit that was started, and has not changed since. */
const running = {
  ReloadResult: "success",
  ActiveState: "active",
  StateChangeTimestamp: ACTIVE,
  InactiveExitTimestamp: STARTED,
  ActiveEnterTimestamp: ACTIVE,
  NeedDaemonReload: "no",
};
type Unit = Partial<typeof running> & { enabled?: boolean };

const file = commands.path("settings");
const log = commands.path("log");
/** Runs shell text beside a unit, with a file of its of this time. */
async function shell(text: string, unit: Unit, written: string, program = "sh") {
  const { enabled = true, ...shown } = { ...running, ...unit };
  writeFileSync(log, "");
  commands.set(
    "systemctl",
    `case $1 in
show) cat <<'END'
${Object.entries(shown)
  .map(([key, value]) => `${key}=${value}`)
  .join("\n")}
END
;;
is-active) echo ${shown.ActiveState}; [ ${shown.ActiveState} = active ] ;;
is-enabled) ${enabled ? "echo enabled" : "echo disabled; exit 1"} ;;
*) echo "$@" >>${log} ;;
esac
`,
  );
  writeFileSync(file, "");
  const at = new Date(`2026-11-27T${written}Z`);
  utimesSync(file, at, at);
  const { stdout } = await execa(program, ["-ec", text], {
    env: { PATH: `${commands.path("bin")}:${process.env["PATH"]}` },
  });
  return { said: stdout.replaceAll(file, "settings"), did: readFileSync(log, "utf8").trim() };
}

describe.each(["sh", "bash"])("what a unit has not read, in %s", (program) => {
  const failed = { StateChangeTimestamp: RELOADED, ReloadResult: "exit-code" };
  it.each<[string, Unit, string, string]>([
    ["was there at its start", {}, "01:11:20.5", ""],
    ["came before it was active", {}, "01:11:21", "settings"],
    ["came since", {}, "01:12:30", "settings"],
    ["was there at its reload", { StateChangeTimestamp: RELOADED }, "01:13:23.6", ""],
    ["came since its reload", { StateChangeTimestamp: RELOADED }, "01:13:23.7", "settings"],
    ["was refused at its reload", failed, "01:13:20", "settings"],
    ["is for its next start", { ActiveState: "failed" }, "01:14:00", ""],
    [
      "came while it tries to start",
      { ActiveState: "activating", StateChangeTimestamp: RELOADED },
      "01:13:00",
      "settings",
    ],
    ["is its unit", { NeedDaemonReload: "yes" }, "01:11:00", "one"],
  ])("%s", async (_what, unit, written, expected) => {
    const { said } = await shell(`${vars.base_unread}\nunread one ${file}`, unit, written, program);
    expect(said).toBe(expected);
  });
});

describe("a unit is kept", () => {
  const kept = async (how: string, unit: Unit, written: string, check = false) => {
    const { said, did } = await shell(`${keep(check)}\nkeep ${how} one ${file}`, unit, written);
    return [said, ...did.split("\n").filter((line) => line !== "")];
  };
  const done = (what: string) => ["changed", "daemon-reload", "enable --quiet one", `${what} one`];

  it("as it is where it has read all", async () => {
    expect(await kept("restart", {}, "01:11:00")).toEqual([""]);
  });

  it.each(["restart", "reload"])("by %s where it has not", async (how) => {
    expect(await kept(how, {}, "01:13:00")).toEqual(done(how));
  });

  it("by a start where it does not run, or is not enabled", async () => {
    expect(await kept("reload", { ActiveState: "inactive" }, "01:13:00")).toEqual(done("start"));
    expect(await kept("reload", { enabled: false }, "01:11:00")).toEqual(done("start"));
  });

  it("by a restart where it only tries to start, with what was there before", async () => {
    expect(await kept("reload", { ActiveState: "activating" }, "01:13:00")).toEqual(
      done("restart"),
    );
  });

  it("in a check only in words", async () => {
    expect(await kept("restart", {}, "01:13:00", true)).toEqual(["changed"]);
  });
});
