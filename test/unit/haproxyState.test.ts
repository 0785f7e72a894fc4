import { readFileSync } from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { EMPTY, parseObservation, parseServersState, parseStats } from "../../haproxy/state";

/** Answers of a real HAProxy 2.6.12: eight services, 20 slots, four web nodes. */
const four = readFileSync(path.join(__dirname, "fixtures/haproxy/four-nodes.txt"), "utf8");
/** The same with slot4 of the backend websocket draining. */
const drain = readFileSync(path.join(__dirname, "fixtures/haproxy/draining.txt"), "utf8");
const BACKENDS = ["auth_portal", "websocket"];

describe("parseObservation", () => {
  it("reads the slots of the asked backends and no others", () => {
    const { slots } = parseObservation(four, BACKENDS);
    expect(slots).toHaveLength(40);
    expect(slots[0]).toEqual({
      backend: "auth_portal",
      server: "slot1",
      address: "198.18.2.221",
      port: 4430,
      admin: "ready",
      checked: true,
      sessions: 0,
      up: true,
      lastCheck: "L7OK",
    });
  });

  it("knows an empty slot: in maintenance, not checked", () => {
    const slot = parseObservation(four, BACKENDS).slots.find((s) => s.server === "slot5");
    expect(slot).toMatchObject({ address: EMPTY, admin: "maint", checked: false, up: false });
  });

  it("tells a draining server from a ready one", () => {
    const { slots } = parseObservation(drain, ["websocket"]);
    expect(slots.filter((s) => s.admin === "drain").map((s) => s.server)).toEqual(["slot4"]);
    expect(slots.filter((s) => s.admin === "ready").map((s) => s.server)).toEqual([
      "slot1",
      "slot2",
      "slot3",
    ]);
  });

  it("reads the time of the last change", () => {
    const { generation } = parseObservation(four, BACKENDS);
    expect(new Date(generation * 1000).toISOString()).toMatch(/^2026-11-23T19:/);
    expect(parseObservation(drain, ["websocket"]).generation).toBe(0);
  });

  it("refuses a node whose configuration lacks a backend", () => {
    expect(() => parseObservation(four, ["auth_portal", "newcomer"])).toThrow(
      "HAProxy has no backend newcomer",
    );
  });

  it("refuses what is no answer", () => {
    expect(() => parseObservation("Permission denied\n", BACKENDS)).toThrow("without statistics");
    expect(() => parseServersState("2\n# be_id\n")).toThrow("format 1");
  });
});

describe("parseStats", () => {
  it("keeps commas inside quotes in their field", () => {
    const text = '# pxname,svname,desc,scur\na,b,"one, ""two""",3\n,,,\n';
    expect(parseStats(text)[0]).toEqual({
      pxname: "a",
      svname: "b",
      desc: 'one, "two"',
      scur: "3",
    });
    expect(parseStats(text)[1]).toEqual({ pxname: "", svname: "", desc: "", scur: "" });
  });
});
