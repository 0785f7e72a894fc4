import * as fs from "node:fs";
import * as path from "node:path";
import { expect, it } from "vitest";

// A module of the kind that the suite's config is.
const order = () => import("../lab/order.mjs");
const fileOf = (name: string) => `/somewhere/test/lab/${name}.test.ts`;

it("files of the lab suite run in the order of the list, whatever order they come in", async () => {
  const { inOrder, ORDER } = await order();
  const files = [...ORDER].sort().map(fileOf);
  expect(inOrder(files, (f) => f)).toEqual(ORDER.map(fileOf));
});

it("a file that is not in the list runs before the one that looks for secrets in all that was written", async () => {
  const { inOrder } = await order();
  const files = ["secrets", "zebra", "console", "aardvark"].map(fileOf);
  const wanted = ["console", "aardvark", "zebra", "secrets"].map(fileOf);
  expect(inOrder(files, (f) => f)).toEqual(wanted);
});

it("the list has every file of the suite, and no other", async () => {
  const { ORDER } = await order();
  const files = fs
    .readdirSync(path.join(__dirname, "../lab"), { encoding: "utf8", recursive: true })
    .flatMap((f) => /([^/]*)\.test\.ts$/.exec(f)?.[1] ?? []);
  expect(files.sort()).toEqual([...ORDER].sort());
});
