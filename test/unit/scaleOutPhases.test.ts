import { expect, it } from "vitest";
import { scaleOutPhases } from "../support/scaleOutPhases";

/** Of an update before, and of two new nodes, in the words of Pulumi. */
const LOG = `2026-11-26T23:00:00.000Z web pool: web1, web2 (4 → 2: a person set 2)
2026-11-26T23:00:09.000Z done
2026-11-26T23:01:01.500Z web pool: web1, web2, web3, web4 (2 → 4: app has 60 sessions per node, goal 25)
2026-11-26T23:01:04.000Z Updating (test):
2026-11-26T23:01:06.000Z  +  pulumi-nodejs:dynamic:Resource web-web3-container creating (0s)
2026-11-26T23:01:06.100Z  +  pulumi-nodejs:dynamic:Resource web-web4-container creating (0s)
2026-11-26T23:01:07.000Z  +  pulumi-nodejs:dynamic:Resource web-web4-container created (0.90s)
2026-11-26T23:01:08.000Z  +  pulumi-nodejs:dynamic:Resource web-web3-container created (2s)
2026-11-26T23:01:08.100Z  ~  pulumi-nodejs:dynamic/hpc-ha:Configuration web-config updating (0s) [diff: ~machines]
2026-11-26T23:01:20.000Z  ~  pulumi-nodejs:dynamic/hpc-ha:Configuration web-config updated (11s) [diff: ~machines]
2026-11-26T23:01:30.000Z done`;
const at = (time: string) => Date.parse(`2026-11-26T${time}Z`);

it("is split where the update's log says so, to the last second", () => {
  const phases = scaleOutPhases(LOG, { decided: at("23:01:00"), served: at("23:01:22") });
  expect(phases.map(({ seconds }) => seconds)).toEqual([1.5, 4.5, 2, 12, 2]);
});

it("puts what the log does not tell into the next phase", () => {
  const moments = { decided: at("23:01:00"), served: at("23:01:22") };
  expect(
    scaleOutPhases(LOG.replaceAll("-container", "-other"), moments).map(({ seconds }) => seconds),
  ).toEqual([1.5, 18.5, 2]);
  expect(scaleOutPhases("", moments).map(({ seconds }) => seconds)).toEqual([22]);
});
