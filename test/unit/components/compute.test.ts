/** The compute nodes, and the login machine, which is told the same. */
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { Compute } from "../../../components/compute";
import type { Mount } from "../../../components/compute/mounts";
import { Login } from "../../../components/login";
import { cluster, clusterVars } from "../../support/cluster";
import { CONFIGURATION, base, family, fleet, machines } from "../../support/fleet";
import { type Registration, registered } from "../../support/mocked";
import { before, find, isSecret, runOf } from "../../support/referenceSite";

const home = { source: "files:/home", target: "/home", options: "hard" };
const scratch = { source: "files:/scratch", target: "/scratch", options: "hard" };
const mounts: Mount[] = [
  { ...scratch, tiers: ["compute"] },
  { ...home, tiers: ["compute", "login"] },
];
const makers = { compute: Compute, login: Login };
const make = (tier: "compute" | "login", specs = machines[tier]): Promise<Registration[]> =>
  registered(() => {
    const ready = new local.Command("controllers", {}).stdout;
    const controllers = { mungeKey: pulumi.output("the munge key"), ready };
    new makers[tier](tier, { fleet, cluster, mounts, controllers, specs });
  }).then((made) => made.filter((m) => m.name !== "controllers"));

describe.each(["compute", "login"] as const)("%s", (tier) => {
  it("is configured by its own playbook once a controller answers, told the cluster and no more", async () => {
    const made = await make(tier);
    const run = find(made, `${tier}-config`);
    expect(isSecret(run.inputs["request"])).toBe(true);
    expect(runOf(made, run.name)).toMatchObject({ playbook: `${tier}.yml` });
    expect(runOf(made, run.name).vars).toEqual({
      ...base(tier),
      ...clusterVars("the munge key"),
      ...(tier === "compute" && { slurm_node_login: false }),
      mounts_wanted: tier === "compute" ? [home, scratch] : [home],
    });
    expect(run.dependsOn).toContain("controllers");
    const [gate] = made.filter((m) => m.name.endsWith("-gate"));
    expect(before(made, gate?.name ?? "")).not.toContain("controllers");
  });

  it("need not be there", async () => {
    expect(await make(tier, [])).toHaveLength(1);
  });
});

describe("compute nodes", () => {
  it("are machines with a gate each, and one run", async () => {
    expect(family(await make("compute"))).toEqual([
      "compute > compute-compute1 hpc-ha:machine:Machine",
      `compute > compute-compute1-gate ${CONFIGURATION}`,
      "compute > compute-compute2 hpc-ha:machine:Machine",
      `compute > compute-compute2-gate ${CONFIGURATION}`,
      `compute > compute-config ${CONFIGURATION}`,
      "compute hpc-ha:compute:Compute",
    ]);
  });

  it("take the place of what 0.1 called SlurmCompute", async () => {
    expect(find(await make("compute"), "compute").aliases).toEqual([
      "hpc-ha:slurm:SlurmCompute::compute",
    ]);
  });
});

describe("the login machine", () => {
  it("is a machine with its gate, and a run", async () => {
    expect(family(await make("login"))).toEqual([
      "login > login-client hpc-ha:machine:Machine",
      `login > login-client-gate ${CONFIGURATION}`,
      `login > login-config ${CONFIGURATION}`,
      "login hpc-ha:login:Login",
    ]);
  });

  it("is the machine that was one of the compute nodes' component in 0.1", async () => {
    const made = await make("login");
    expect(find(made, "login").aliases).toEqual([]);
    expect(find(made, "login-client").aliases).toEqual([
      "urn:pulumi:prod::hpc-ha::hpc-ha:slurm:SlurmCompute::compute::hpc-ha:machine:Machine::compute-client",
    ]);
  });
});
