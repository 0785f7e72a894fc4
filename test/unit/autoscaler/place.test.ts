import * as fs from "node:fs";
import { expect, it } from "vitest";
import { placeOf } from "../../../autoscaler/place";

it("asking where the service keeps its files makes none: a site without it has none", () => {
  expect(fs.existsSync(placeOf("without-one").directory)).toBe(false);
});
