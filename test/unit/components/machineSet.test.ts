/** A tier's machines and the runs that make a set of them. */
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { machineSet, type MachineSetArgs } from "../../../components/machineSet";
import {
  CONFIGURATION,
  type Asked,
  base,
  family,
  fleetOf,
  known,
  machines,
} from "../../support/fleet";
import { registered } from "../../support/mocked";
import { before, find, isSecret, request, runOf } from "../../support/referenceSite";

const mount = { source: "192.168.1.12:/x", target: "/mnt", options: "hard" };

/** @param args what differs from a set of two web nodes with gates */
async function make(args: () => Partial<MachineSetArgs> = () => ({}), gated = true) {
  const asked: Asked[] = [];
  const ready: string[] = [];
  const made = await registered(async () => {
    const parent = new pulumi.ComponentResource("test:Tier", "web");
    const vars = pulumi.secret({ web_port: 80 });
    const usual = { fleet: fleetOf(gated, asked), tier: "web" as const, specs: machines.web, vars };
    const set = machineSet("web", { ...usual, ...args() }, { parent });
    ready.push(await known(set.ready));
  });
  return { made, asked, ready: ready[0] };
}

describe("a set of machines", () => {
  it("is its machines, a gate each, and one configuration of all, as children of the tier", async () => {
    const { made, ready } = await make();
    expect(family(made)).toEqual([
      `web > web-config ${CONFIGURATION}`,
      "web > web-web1 hpc-ha:machine:Machine",
      `web > web-web1-gate ${CONFIGURATION}`,
      "web > web-web2 hpc-ha:machine:Machine",
      `web > web-web2-gate ${CONFIGURATION}`,
      "web test:Tier",
    ]);
    expect(ready).toBe("web-config: done");
    expect(find(made, "web-config").dependsOn).toContain("web-web2-gate");
  });

  it("has no gates where no change makes a machine anew", async () => {
    const { made } = await make(undefined, false);
    expect(made.filter((m) => m.name.endsWith("-gate"))).toEqual([]);
    expect(find(made, "web-config").inputs).toMatchObject({ gate: false });
  });

  it("has no configuration where it has no machine", async () => {
    const { made, ready } = await make(() => ({ specs: [] }));
    expect([family(made), ready]).toEqual([["web test:Tier"], ""]);
  });
});

describe("a set's gate", () => {
  it("is told when its machine is another one, how it boots, and what makes it part of the set", async () => {
    const { made } = await make();
    const { inputs, name } = find(made, "web-web2-gate");
    expect(inputs).toMatchObject({
      tier: "web",
      gate: true,
      // Of its machine only: another member's must not be a reason to pass again.
      wanted: { web2: "first web2" },
      questions: {},
    });
    expect(isSecret(inputs["request"])).toBe(true);
    expect(request(made, name)).toEqual({
      ...request(made, "web-config"),
      ready: {
        name: "web2",
        address: "192.168.1.22",
        knownHosts: "ssh-ed25519 web2",
        sshKeyFile: "/key",
        bootSeconds: 60,
      },
    });
  });

  it("does not wait for what the set's configuration waits for: its machine is part of a site that runs", async () => {
    const { made } = await make(() => ({ after: [new local.Command("database", {}).stdout] }));
    expect(find(made, "web-config").dependsOn).toContain("database");
    expect(before(made, "web-web1-gate")).not.toContain("database");
  });
});

describe("a set that shares files", () => {
  it("mounts them, by configuration and gate alike, and its driver is told", async () => {
    const share = { mount };
    const { made, asked } = await make(() => ({ share }));
    const vars = { ...base("web"), base_mounts: [mount], web_port: 80 };
    expect(runOf(made, "web-config").vars).toEqual(vars);
    expect(runOf(made, "web-web1-gate")).toMatchObject({ vars });
    expect(asked).toMatchObject([{ name: "web", share, specs: machines.web }]);
  });
});
