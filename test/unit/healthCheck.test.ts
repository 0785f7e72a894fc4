import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import execa from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Check, checkOf, probeScript, readProbe, test } from "../../haproxy/check";

const site = { webVip: "192.0.2.101", patience: 2 };
const service = {
  ...{ name: "app", port: 8000, healthPath: "/health", healthStatus: "200-399", checkSeconds: 0.8 },
};

it("asks as HAProxy does: by the service's name, or by the web VIP", () => {
  const check = { address: "10.0.0.1", url: "http://10.0.0.1:8000/health", status: "200-399" };
  expect(checkOf(service, "10.0.0.1", site)).toEqual({ ...check, host: site.webVip, seconds: 1.6 });
  const named = { ...service, healthHost: "portal.example.org" };
  expect(checkOf(named, "10.0.0.1", site).host).toBe("portal.example.org");
});

it("takes statuses as HAProxy writes them", () => {
  expect(test("204")).toBe("(code >= 204 && code <= 204)");
  expect(test("200-299,404")).toBe("(code >= 200 && code <= 299) || (code >= 404 && code <= 404)");
});

describe("the probe", () => {
  /** Answers a path of digits with that status, to its own name only; others never. */
  const server: Server = createServer((request, response) => {
    if (request.headers.host !== "portal.example.org") return response.writeHead(400).end();
    const status = Number(request.url?.slice(1));
    return status ? response.writeHead(status).end() : undefined;
  });
  let port = 0;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => server.closeAllConnections());

  const check = (path: string, change: Partial<Check> = {}): Check => ({
    address: "127.0.0.1",
    url: `http://127.0.0.1:${port}/${path}`,
    host: "portal.example.org",
    status: "200",
    seconds: 0.2,
    ...change,
  });
  const probe = async (...checks: Check[]) => {
    const { stdout } = await execa("bash", ["-s"], { input: probeScript(checks, 1) });
    return readProbe(checks, stdout).map(({ what, why }) => `${new URL(what).pathname}: ${why}`);
  };

  it("says nothing when all answer as they should", async () => {
    const wide = { status: "200-299,404" };
    expect(await probe(check("200"), check("204", wide), check("404", wide))).toEqual([]);
  });

  it("names those that do not, with what they said", async () => {
    const closed = { address: "127.0.0.2", url: "http://127.0.0.2:9/health" };
    const said = await probe(
      check("204"),
      check("200", { host: "192.0.2.101" }),
      check("never"),
      check("", closed),
    );
    expect(said.sort()).toEqual([
      "/200: 400",
      "/204: 204",
      expect.stringMatching(/^\/health: Failed to connect/),
      expect.stringMatching(/^\/never: Operation timed out/),
    ]);
  });
});
