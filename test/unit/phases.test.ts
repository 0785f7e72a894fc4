import { expect, it } from "vitest";
import { phases } from "../vm/phases";

const TOOK = "ssh after 93.1 s, ready 12.0 s later";
/** Seconds after the command, and what `pulumi up` said. */
const SAID: [number, string][] = [
  [3, " +  hpc-ha:machine:Machine web-web2 creating (0s) "],
  [4, " +  command:local:Command web-web2-seed created (1s) "],
  [7, " +  libvirt:index:Domain web-web2-domain creating (0s) "],
  [9, " +  libvirt:index:Domain web-web2-domain created (2s) "],
  [115, " +  command:local:Command web-web2-ready created (106s) "],
  [150, " ~  pulumi-nodejs:dynamic:Configuration web-config updated (35s) "],
  [171, " ~  pulumi-nodejs:dynamic:Membership entry-membership updated (21s) [diff: ~request]; "],
];
const lines = SAID.map(([s, line]) => ({ at: 1000 + s * 1000, line }));

it("a scale-out is split by what Pulumi said, with nothing left over", () => {
  const split = phases(1000, lines, "web2", TOOK, 176_000);
  expect(split).toEqual({
    "pulumi starts": 3,
    "seed and volumes": 4,
    "domain defined and started": 2,
    boot: 94,
    "cloud-init": 12,
    ansible: 35,
    membership: 21,
    "pulumi ends, first request": 4,
  });
  expect(Object.values<number>({ ...split }).reduce((a, b) => a + b)).toBe(175);
});

it("what was never said is no phase of zero seconds", () => {
  expect(() => phases(1000, lines.slice(0, 5), "web2", TOOK, 176_000)).toThrow(/web-config/);
  expect(() => phases(1000, lines, "web2", "", 176_000)).toThrow(/not what a wait/);
});
