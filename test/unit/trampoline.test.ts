import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { providerOf } from "../../components/trampoline";
import { projectRoot } from "../../lib/project";

/** A project with a provider of its own. */
const root = mkdtempSync(path.join(tmpdir(), "hpc-ha-unit-"));
beforeAll(() => {
  writeFileSync(path.join(root, "package.json"), "{}");
  symlinkSync(path.join(projectRoot, "node_modules"), path.join(root, "node_modules"));
  writeFileSync(
    path.join(root, "some.ts"),
    `const did = (what: string) => (...told: unknown[]) => Promise.resolve({ what, told });
export const full = { diff: did("diff"), create: did("create"), update: did("update"), read: did("read"), delete: (...told: unknown[]) => Promise.reject(new Error(JSON.stringify(told))) };
export const blind = { diff: did("diff"), create: did("create"), update: did("update") };`,
  );
  vi.spyOn(process, "cwd").mockReturnValue(root);
});
afterAll(() => {
  vi.restoreAllMocks();
  rmSync(root, { recursive: true });
});
type Anything = Required<ReturnType<typeof providerOf<object, object>>>;
const provider = (name: string) => providerOf<object, object>("some.ts", name) as Anything;

it("leads to the file's provider, found from the directory in which it runs", async () => {
  const { diff, create, update, read } = provider("full");
  expect(await diff("id", { a: 1 }, { b: 2 })).toEqual({
    what: "diff",
    told: ["id", { a: 1 }, { b: 2 }],
  });
  expect(await create({ b: 2 })).toEqual({ what: "create", told: [{ b: 2 }] });
  expect(await update("id", {}, {})).toEqual({ what: "update", told: ["id", {}, {}] });
  expect(await read("id", { a: 1 })).toEqual({ what: "read", told: ["id", { a: 1 }] });
});

it("believes the state where the file does not say how to look", async () => {
  expect(await provider("blind").read("id", { a: 1 })).toEqual({ id: "id", props: { a: 1 } });
});

it("undoes what the file undoes, and nothing where it does not say how", async () => {
  await expect(provider("full").delete("id", { a: 1 })).rejects.toThrow('["id",{"a":1}]');
  expect(await provider("blind").delete("id", {})).toBeUndefined();
});
