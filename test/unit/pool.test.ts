import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { otherThanMade } from "../../components/made";
import { pool, poolFaults, resized, whyThatSize } from "../../components/web/pool";
import { parseConfig, plan, record } from "../../components/house";
import type { ConfigError } from "../../plan/config";
import { contentHash } from "../../lib/hash";
import { hostFiles } from "../../plan/files";
import { configOf, type Values } from "../support/referenceSite";

const config = (own: Partial<Parameters<typeof pool>[0]> & { enabled?: boolean } = {}) => ({
  webReplicas: 2,
  web: { min: 2, max: 10 },
  autoscaler: { enabled: own.enabled ?? false },
  ...own,
});

describe("who is in the web pool", () => {
  it("is as many as the config says, the first numbers on a new site", () => {
    expect(pool(config({ webReplicas: 3 }), [])).toEqual([1, 2, 3]);
    expect(pool(config({ webReplicas: 3, enabled: true }), [])).toEqual([1, 2, 3]);
  });

  it("keeps who is there: the lowest free numbers come, the highest go", () => {
    expect(resized([1, 3, 7], 3)).toEqual([1, 3, 7]);
    expect(resized([1, 3, 7], 5)).toEqual([1, 2, 3, 4, 7]);
    expect(resized([7, 1, 3], 2)).toEqual([1, 3]);
  });

  it("is the pool that there is when the autoscaler owns its size, within its limits", () => {
    expect(pool(config({ enabled: true }), [1, 2, 4, 5, 6])).toEqual([1, 2, 4, 5, 6]);
    expect(pool(config({ enabled: true, web: { min: 2, max: 4 } }), [1, 2, 4, 5, 6])).toEqual([
      1, 2, 4, 5,
    ]);
    expect(pool(config({ enabled: true, web: { min: 3, max: 4 } }), [4, 2])).toEqual([1, 2, 4]);
  });

  it("is the config's again when the autoscaler is off", () => {
    expect(pool(config(), [1, 2, 4, 5, 6])).toEqual([1, 2]);
  });

  it("is what is said in so many words", () => {
    expect(pool(config({ enabled: true, webPool: ["web5", "web1"] }), [1, 2])).toEqual([1, 5]);
  });

  it("tells a person why it is not the config's number", () => {
    expect(whyThatSize(config({ enabled: true }), [1, 2, 5], ["web1", "web2", "web5"])).toMatch(
      /web pool: 3 \(web1, web2, web5\).*webReplicas = 2.*npx hpc scale/,
    );
    expect(whyThatSize(config({ enabled: true }), [1, 2], ["web1", "web2"])).toBeUndefined();
    expect(whyThatSize(config(), [1, 2, 5], ["web1", "web2"])).toBeUndefined();
  });

  it("refuses words that name no pool", () => {
    const faults = poolFaults(config({ webPool: ["web1", "web1", "web11", "redis1"] }));
    expect(faults.join("\n")).toMatch(/no such web node web11, redis1; allowed is web1 to web10/);
    expect(faults.join("\n")).toMatch(/every name once/);
    expect(poolFaults(config({ webPool: ["web1"] })).join()).toMatch(/1 nodes; allowed is 2 to 10/);
    expect(poolFaults(config({ webPool: ["web1", "web9"] }))).toEqual([]);
  });
});

/** The lab's config with changes. */
function lab(changes: Values): Record<string, string> {
  const all: Values = { ...configOf("lab"), services: configOf("lab")["services"], ...changes };
  return Object.fromEntries(
    Object.entries(all).flatMap(([k, v]) =>
      v === undefined ? [] : [[k, typeof v === "string" ? v : JSON.stringify(v)]],
    ),
  );
}

describe("the plan of a pool with gaps", () => {
  const names = (raw: Record<string, string>, before?: Parameters<typeof plan>[1]) =>
    plan(parseConfig(raw, { files: hostFiles, before }), before).machines.web.map(
      ({ name, address }) => `${name} ${address}`,
    );

  it("has each node by its own name and address, and goes on from the record of before", () => {
    const asked = lab({ webPool: ["web1", "web4"] });
    expect(names(asked)).toEqual(["web1 198.18.1.21", "web4 198.18.1.24"]);
    const before = record(parseConfig(asked, { files: hostFiles }));
    expect(names(lab({ autoscaler: { enabled: true }, webReplicas: "3" }), before)).toEqual([
      "web1 198.18.1.21",
      "web4 198.18.1.24",
    ]);
    expect(names(lab({ webReplicas: "3" }), before)).toEqual([
      "web1 198.18.1.21",
      "web2 198.18.1.22",
      "web4 198.18.1.24",
    ]);
  });
});

describe("a run that is to change the pool only", () => {
  const made = { program: "p", config: "c", versions: { app: "1" } };
  const before = { machines: {}, values: {}, keys: [], made };

  it("goes on where nothing else differs", () => {
    expect(otherThanMade(before, made)).toBeUndefined();
  });

  it.each([
    [{ ...made, program: "q" }, /the program is another/],
    [{ ...made, config: "d" }, /the config is another/],
    [{ ...made, versions: { app: "2" } }, /service app is another/],
  ])("is refused where something does: %j", (now, reason) => {
    expect(otherThanMade(before, now)).toMatch(reason);
  });

  it("is refused where nothing is known of the site", () => {
    expect(otherThanMade({ machines: {}, values: {}, keys: [] }, made)).toMatch(/nothing is known/);
  });
});

it("the program is the same whatever its tests and builds left beside it", () => {
  const directory = mkdtempSync(path.join(tmpdir(), "hpc-ha-program-"));
  try {
    const write = (file: string) => {
      mkdirSync(path.join(directory, path.dirname(file)), { recursive: true });
      writeFileSync(path.join(directory, file), "x");
    };
    write("slurm_ha/lease.py");
    const before = contentHash(directory);
    ["dist/slurm-ha", "slurm_ha/__pycache__/lease.pyc", ".mypy_cache/3", ".hypothesis/4"].forEach(
      write,
    );
    expect(contentHash(directory)).toBe(before);
    write("slurm_ha/watch.py");
    expect(contentHash(directory)).not.toBe(before);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

describe("the autoscaler's keys", () => {
  const faults = (autoscaler: Values): string[] => {
    try {
      parseConfig(lab({ autoscaler }), { files: hostFiles });
      return [];
    } catch (error) {
      return (error as ConfigError).faults;
    }
  };

  it("bear the owner's schedule", () => {
    expect(
      faults({
        enabled: true,
        schedule: [
          { cron: "0 9 * * 1-5", floor: 5 },
          { cron: "0 18 * * *", floor: 2 },
        ],
      }),
    ).toEqual([]);
  });

  it("are refused all at once, each with its key, value and what is allowed", () => {
    const said = faults({
      enabled: true,
      timeZone: "Asia/Soul",
      goals: { connections: 40 },
      schedule: [
        { cron: "0 9 31 2 *", floor: 5 },
        { cron: "0 9 * *", floor: 5 },
        { cron: "61 9 * * *", size: 50 },
        { cron: "0 9 * * *" },
        { cron: "0 9 * * *", floor: 2, size: 2 },
      ],
    });
    const text = said.join("\n");
    expect(text).toMatch(/autoscaler.timeZone = "Asia\/Soul": no such time zone/);
    expect(text).toMatch(
      /scaleIn.connections = 50: must be below autoscaler.goals.connections = 40/,
    );
    expect(text).toMatch(/schedule\[0\].cron = "0 9 31 2 \*": never comes/);
    expect(text).toMatch(/schedule\[1\].cron = "0 9 \* \*": five fields/);
    expect(text).toMatch(/schedule\[2\].size = 50: allowed is 2 to 10/);
    expect(text).toMatch(/schedule\[2\].cron = "61 9 \* \* \*": /);
    expect(text).toMatch(/schedule\[3\]: neither floor nor size/);
    expect(text).toMatch(/schedule\[4\]: both floor and size/);
  });

  it("refuse what is no URL as a webhook", () => {
    expect(faults({ alerts: { webhook: "hooks.example.org" } }).join()).toMatch(/webhook/);
  });
});
