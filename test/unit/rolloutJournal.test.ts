import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Journal, type Saved } from "../../rollout/journal";

let directory: string;
let file: string;
beforeEach(() => {
  directory = fs.mkdtempSync(path.join(tmpdir(), "journal-"));
  // Its directory may not be there yet: on another management machine nothing was built.
  file = path.join(directory, "home", "restart-lab.json");
});
afterEach(() => fs.rmSync(directory, { recursive: true }));

const read = (from = file) => JSON.parse(fs.readFileSync(from, "utf8")) as Saved;

describe("Journal", () => {
  it("begins with nothing, and writes nothing before the first machine", () => {
    expect(new Journal(file, ["web"]).saved).toMatchObject({ tiers: ["web"], done: [] });
    expect(fs.existsSync(file)).toBe(false);
  });

  it("an interrupted run: the next one knows what is done and who was at work", () => {
    const first = new Journal(file, ["redis", "web"]);
    first.begin("redis", "redis1");
    first.finish("redis1");
    first.begin("redis", "redis2");
    const next = new Journal(file, ["redis", "web"]);
    expect(next.saved).toEqual(first.saved);
    expect(next.saved).toMatchObject({
      done: ["redis1"],
      at: { tier: "redis", machine: "redis2" },
    });
    next.finish("redis2");
    expect(new Journal(file, ["redis", "web"]).saved).toMatchObject({ done: ["redis1", "redis2"] });
    expect(read().at).toBeUndefined();
  });

  it("another choice of tiers begins anew, but knows who was left half-way", () => {
    const first = new Journal(file, ["redis", "web"]);
    first.begin("redis", "redis1");
    first.finish("redis1");
    first.begin("web", "web1");
    expect(new Journal(file, ["redis"]).saved).toMatchObject({
      tiers: ["redis"],
      done: [],
      at: { tier: "web", machine: "web1" },
    });
  });

  it("is gone after a run that ended well, also when it never wrote", () => {
    const journal = new Journal(file, ["web"]);
    journal.end();
    journal.begin("web", "web1");
    journal.finish("web1");
    journal.end();
    expect(fs.existsSync(file)).toBe(false);
    expect(new Journal(file, ["web"]).saved.done).toEqual([]);
  });

  it("is replaced as a whole: who reads, or is killed, meanwhile has the old one", () => {
    const journal = new Journal(file, ["web"]);
    journal.begin("web", "web1");
    const reader = path.join(directory, "reader");
    fs.linkSync(file, reader);
    journal.finish("web1");
    expect(read(reader).at).toEqual({ tier: "web", machine: "web1" });
    expect(read().done).toEqual(["web1"]);
    // What a killed one had written half is no journal.
    fs.writeFileSync(`${file}.new`, '{"tiers":');
    expect(new Journal(file, ["web"]).saved.done).toEqual(["web1"]);
  });
});
