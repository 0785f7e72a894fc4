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
