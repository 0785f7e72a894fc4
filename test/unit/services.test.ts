import { describe, expect, it } from "vitest";
import { parseConfig } from "../../components/house";
import type { ConfigError } from "../../plan/config";

const SERVICE = {
  name: "app",
  port: 5174,
  path: "/app",
  source: { path: "portal/dist" },
  start: "node server.js",
};
const config = (...changes: object[]) =>
  parseConfig({
    webReplicas: "2",
    cidr: "198.18.1.0/24",
    driver: "container",
    services: JSON.stringify(changes.map((change) => ({ ...SERVICE, ...change }))),
  });
const faults = (...changes: object[]): string[] => {
  try {
    config(...changes);
    return [];
  } catch (error) {
    return (error as ConfigError).faults;
  }
};

describe("the health check of a service", () => {
  it("has the limits that suit the sample portal, unless the service says others", () => {
    const [service] = config({}).services;
    expect(service).toMatchObject({ healthStatus: "200", checkSeconds: 0.8, serverSeconds: 60 });
    expect(service).not.toHaveProperty("healthHost");
    const own = { healthHost: "a.example.org", checkSeconds: 3, serverSeconds: 3600 };
    expect(config(own).services).toMatchObject([own]);
  });

  it.each([
    ["204", "204"],
    [204, "204"],
    ["200-399", "200-399"],
    ["200,204,301-302", "200,204,301-302"],
  ])("takes the status %j", (healthStatus, expected) => {
    expect(config({ healthStatus }).services).toMatchObject([{ healthStatus: expected }]);
  });

  it.each([
    [{ healthStatus: "2xx" }, /healthStatus = "2xx": status codes or ranges/],
    [{ healthStatus: "200\n  stats admin" }, /healthStatus = /],
    [{ healthHost: "a b" }, /healthHost = "a b": a host name/],
    [{ healthHost: "a\r\nX: 1" }, /healthHost = /],
    [{ checkSeconds: 0 }, /checkSeconds = 0: /],
    [{ serverSeconds: 1e9 }, /serverSeconds = 1000000000: /],
  ])("refuses %j", (change, message) => {
    expect(faults(change)).toEqual([expect.stringMatching(message)]);
  });
});
