import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parseObservation } from "../../haproxy/state";
import type { Request } from "../../haproxy/request";
import { Commands } from "../support/program";

const fixture = path.join(__dirname, "fixtures/haproxy/four-nodes.txt");
const { slots } = parseObservation(readFileSync(fixture, "utf8"), ["auth_portal"]);
const members = slots.filter((slot) => slot.admin === "ready");

const commands = new Commands();
afterAll(commands.remove);
/** Two HAProxy nodes with four web nodes each; 192.0.2.9 is none. Connections are written down. */
beforeAll(() =>
  commands.set(
    "ssh",
    `case "$*" in
  *192.0.2.9*) echo 'No route to host' >&2; exit 255 ;;
  *"address show to 192.0.2.100"*) echo "2: eth0    inet 192.0.2.100/24 scope global eth0" ;;
  *socat*) cat >>${commands.path("told")}; cat ${fixture} ;;
  *"-O exit"*) echo "$*" >>${commands.path("closed")} ;;
esac
`,
  ),
);
const request = (...addresses: string[]): Request => ({
  nodes: addresses.map((address, i) => ({ name: `haproxy${i + 1}`, address })),
  services: [
    {
      ...{ name: "auth_portal", port: members[0]?.port ?? 0 },
      ...{ healthPath: "/health", healthStatus: "200", checkSeconds: 0.8 },
    },
  ],
  wanted: members.map(({ server, address }) => ({ name: server, address })),
  faults: {},
  webVip: "192.0.2.100",
  drainSeconds: 1,
  readySeconds: 1,
  patience: 1,
  ssh: { user: "root", privateKeyFile: "/dev/null", knownHosts: "" },
});

it("asks the HAProxy nodes, changes nothing where all is as wanted, and says who is in", async () => {
  const { exitCode, stdout, stderr } = await commands.run(
    "membership",
    request("192.0.2.1", "192.0.2.2"),
  );
  expect(exitCode).toBe(0);
  expect(stdout).toBe(
    `${members.map((m) => `${m.server} ${m.address}`).join(", ")} in auth_portal of haproxy1, haproxy2`,
  );
  expect(stderr).toMatch(/^ +\d+\.\d s {2}nothing to do$/);
  expect(readFileSync(commands.path("told"), "utf8")).toBe(
    "show servers state; show stat -1 4 -1\n".repeat(2),
  );
  const closed = readFileSync(commands.path("closed"), "utf8");
  // Nothing that goes over them is a secret, and a new web node waits for them.
  expect(closed.match(/KexAlgorithms=\^curve25519-sha256/g)).toHaveLength(2);
  expect(closed.trim().split("\n")).toHaveLength(2);
  // Directory of the connections, with who is known.
  const [, directory = ""] = /ControlPath=(\S+)\/%C/.exec(closed) ?? [];
  expect([directory === "", existsSync(directory)]).toEqual([false, false]);
});

it("goes on without a HAProxy node that does not answer, and fails where none does", async () => {
  const one = await commands.run("membership", request("192.0.2.1", "192.0.2.9"));
  expect([one.exitCode, one.stdout.endsWith("of haproxy1")]).toEqual([0, true]);
  expect(one.stderr).toContain("haproxy2: No route to host; going on without it");
  const none = await commands.run("membership", request("192.0.2.9"));
  expect([none.exitCode, none.stdout]).toEqual([1, ""]);
  expect(none.stderr).toContain("no HAProxy node can be reached: nothing more is changed");
});

it.each(["relative", "/a'b", "/$(id)", "/a b"])(
  "refuses the health path %s, which a shell would get",
  async (healthPath) => {
    const wrong = request("192.0.2.1");
    Object.assign(wrong.services[0] ?? {}, { healthPath });
    const { exitCode, stderr } = await commands.run("membership", wrong);
    expect([exitCode, stderr]).toEqual([
      1,
      "the request on stdin is not what this program takes: services.0.healthPath: invalid_format",
    ]);
  },
);
