/** A tier's machines and the runs that make a set of them. */
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { machineSet, type MachineSetArgs } from "../../../components/machineSet";
import { type Asked, base, family, fleetOf, known, machines } from "../../support/fleet";
import { registered } from "../../support/mocked";
import { before, find, isSecret, request } from "../../support/referenceSite";

const COMMAND = "command:local:Command";
const mount = { source: "192.168.1.12:/x", target: "/mnt", options: "hard" };
const probes = ({ address }: { address: string }) => [`http://${address}/health`];

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
  it("is its machines, a gate each, and one run of all, as children of the tier", async () => {
    const { made, ready } = await make();
    expect(family(made)).toEqual([
      "web > web-config hpc-ha:ansible:AnsibleRun",
      "web > web-web1 hpc-ha:machine:Machine",
      `web > web-web1-gate ${COMMAND}`,
      "web > web-web2 hpc-ha:machine:Machine",
      `web > web-web2-gate ${COMMAND}`,
      "web test:Tier",
      `web-config > web-config-run ${COMMAND}`,
    ]);
    expect(ready).toBe("web-config-run: done");
    expect(find(made, "web-config-run").dependsOn).toContain("web-web2-gate");
  });

  it("has no gates where no change makes a machine anew", async () => {
    const { made } = await make(undefined, false);
    expect(made.filter((m) => m.name.endsWith("-gate"))).toEqual([]);
    expect(request(made, "web-config-run")).toMatchObject({
      incarnations: ["first web1", "first web2"],
    });
  });

  it("has no run where it has no machine", async () => {
    const { made, ready } = await make(() => ({ specs: [] }));
    expect([family(made), ready]).toEqual([["web test:Tier"], ""]);
  });

  it("is configured one by one where each member is for itself", async () => {
    const { made } = await make(() => ({ single: { probes, seconds: 60 } }));
    const runs = made.filter((m) => m.name.endsWith("-run")).map((m) => m.name);
    expect(runs).toEqual(["web-web1-config-run", "web-web2-config-run"]);
    for (const n of [1, 2]) {
      const run = find(made, `web-web${n}-config-run`);
      expect(run.dependsOn).toContain(`web-web${n}-gate`);
      expect(before(made, run.name)).not.toContain(`web-web${3 - n}-gate`);
      expect(request(made, run.name)).toMatchObject({ incarnations: [`first web${n}`] });
    }
  });
});

describe("a set's gate", () => {
  it("is told when its machine is another one, how it boots, and what makes the set whole", async () => {
    const { made } = await make();
    const gate = find(made, "web-web2-gate");
    expect(gate.inputs).toMatchObject({
      create: "node --import tsx programs/gate.ts",
      update: "node --import tsx programs/gate.ts",
      logging: "stderr",
    });
    expect(isSecret(gate.inputs["stdin"])).toBe(true);
    // What it said last is how it knows that the machine was made anew.
    expect(gate.inputs["addPreviousOutputInEnv"]).not.toBe(false);
    const run = request(made, "web-config-run");
    expect(request(made, gate.name)).toEqual({
      incarnation: "first web2",
      ready: {
        name: "web2",
        address: "192.168.1.22",
        knownHosts: "ssh-ed25519 web2",
        sshKeyFile: "/key",
        bootSeconds: 60,
      },
      // But for the incarnations: another member's must not be a reason to pass again.
      run: { ...run, incarnations: ["", ""] },
      probes: [],
      seconds: 0,
    });
  });

  it("configures and probes only its own machine where each is for itself", async () => {
    const { made } = await make(() => ({ single: { probes, seconds: 60 } }));
    const gate = request(made, "web-web2-gate");
    expect(gate).toMatchObject({ probes: ["http://192.168.1.22/health"], seconds: 60 });
    expect(gate["run"]).toEqual({
      ...request(made, "web-web2-config-run"),
      incarnations: [""],
    });
  });

  it("does not wait for what the set's first run waits for: its machine is part of a site that runs", async () => {
    const { made } = await make(() => ({ after: [new local.Command("database", {}).stdout] }));
    expect(find(made, "web-config-run").dependsOn).toContain("database");
    expect(before(made, "web-web1-gate")).not.toContain("database");
  });
});

describe("a set that shares files", () => {
  it("mounts them, by run and gate alike, and its driver is told", async () => {
    const share = { mount };
    const { made, asked } = await make(() => ({ share }));
    const vars = { ...base("web"), base_mounts: [mount], web_port: 80 };
    expect(request(made, "web-config-run")["vars"]).toEqual(vars);
    expect(request(made, "web-web1-gate")["run"]).toMatchObject({ vars });
    expect(asked).toMatchObject([{ name: "web", share, specs: machines.web }]);
  });
});
