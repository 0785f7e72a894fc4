import { expect, it } from "vitest";
import { sideBySide } from "../../dev/sideBySide";

const stage = (name: string, script: string, env?: NodeJS.ProcessEnv) => ({
  name,
  command: ["node", "-e", script],
  env,
});

it("a list stops at its first stage that fails and says how to repeat it; the others go on", async () => {
  const said: string[] = [];
  const passed = await sideBySide(
    [
      [stage("bad", "console.log('reason'); process.exit(1)"), stage("after", "0")],
      [stage("good", "console.error(process.env.WHO)", { WHO: "somebody" }), stage("last", "0")],
    ],
    (text) => said.push(text),
  );
  expect(passed).toBe(false);
  const all = said.join("\n");
  expect(all).toMatch(/✖.* bad/);
  expect(all).toContain("reason");
  expect(all).toContain("to repeat only this: npx node -e");
  expect(all).not.toContain("after\n");
  expect(all).toContain("somebody");
  expect(all).toMatch(/✔.* last/);
});

it("all pass only when each does", async () => {
  const none = () => undefined;
  expect(await sideBySide([[stage("a", "0")], [stage("b", "0")]], none)).toBe(true);
  expect(await sideBySide([[stage("a", "0")], [stage("b", "process.exit(2)")]], none)).toBe(false);
});

it("gives way to everything else where it is told to, in a session of its own, and only there", async () => {
  const policy = stage(
    "policy",
    `console.log(require("fs").readFileSync("/proc/self/sched", "utf8").match(/policy\\s*:\\s*(\\d+)/)[1],
      require("fs").readFileSync("/proc/self/stat", "utf8").split(") ")[1].split(" ")[3] === String(process.pid))`,
  );
  const said: string[] = [];
  await sideBySide([[policy]], (text) => said.push(text), true);
  // 5 is SCHED_IDLE.
  expect(said).toContain("5 true");
  await sideBySide([[policy]], (text) => said.push(text));
  expect(said).toContain("0 false");
});
