/** What the suite of changes does itself: without a site. */
import { existsSync, lstatSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { afterAll, expect, it } from "vitest";
import { CHANGES } from "../changes/cases";
import { Clone } from "../changes/clone";
import { changing } from "../changes/cutOff";
import { removeScratch, scratch } from "../changes/scratch";
import { failsWith } from "../changes/steps";

afterAll(removeScratch);

it("each case has a name of its own: figures are kept by it", () => {
  const names = CHANGES.map(({ name }) => name);
  expect(names).toEqual([...new Set(names)]);
});

it("a line of `pulumi up` says which machine is being changed, and not what is done before or after", () => {
  const row = " ~  pulumi:pulumi:Stack hpc-ha-test updating (4s) ";
  expect(changing(`${row}▶ redis: redis2`, "redis")).toBe("redis2");
  expect(changing("    ▶ controllers: slurm-m1", "controllers")).toBe("slurm-m1");
  for (const other of [
    "▶ redis: redis1 hands its part over",
    "✔ redis: redis2 (3.1 s)",
    "▶ galera: galera2",
    "redis: to be changed: redis2",
  ]) {
    expect([other, changing(row + other, "redis")]).toEqual([other, undefined]);
  }
});

it("a refusal is one for the reason that was expected", async () => {
  const refusal = () => Promise.reject(new Error("redis1: no such setting"));
  await failsWith(/no such/, refusal);
  await expect(failsWith(/other/, refusal)).rejects.toThrow(
    "not refused with /other/: redis1: no such setting",
  );
  await expect(failsWith(/./, () => Promise.resolve())).rejects.toThrow("it succeeded");
});

it("a second clone has what is there when it is made, set up, and not what is edited afterwards", async () => {
  const root = scratch("first");
  const file = (name: string, text: string) => {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  };
  file(".gitignore", "node_modules/\ndist/\nPulumi.test.yaml\n");
  file("ansible/a b.j2", "committed");
  file("gone", "committed");
  file("node_modules/one/index.js", "1");
  file("portal/dist/portal.js", "2");
  file("Pulumi.test.yaml", "the first one's");
  const git = (...args: string[]) =>
    execa("git", ["-c", "user.name=a", "-c", "user.email=a@b", ...args], { cwd: root });
  await git("init", "--quiet");
  await git("add", ".");
  await git("commit", "--quiet", "--message", "one");
  file("ansible/a b.j2", "not committed");
  file("lib/new.ts", "new");
  await execa("rm", [path.join(root, "gone")]);

  const { directory } = await Clone.make("second", root);
  file("ansible/a b.j2", "edited");
  const read = (name: string) => readFileSync(path.join(directory, name), "utf8");
  expect([read("ansible/a b.j2"), read("lib/new.ts")]).toEqual(["not committed", "new"]);
  expect([read("node_modules/one/index.js"), read("portal/dist/portal.js")]).toEqual(["1", "2"]);
  expect(lstatSync(path.join(directory, "node_modules")).isSymbolicLink()).toBe(true);
  for (const none of ["gone", "Pulumi.test.yaml", ".git"]) {
    expect([none, existsSync(path.join(directory, none))]).toEqual([none, false]);
  }
});
