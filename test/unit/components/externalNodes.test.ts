import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { ExternalNodes } from "../../../components/externalNodes";
import type { SlurmSettings } from "../../../components/slurm";
import { nodeGroup } from "../../../components/slurm/nodes";
import { cluster } from "../../support/cluster";
import { fleet } from "../../support/fleet";
import { registered } from "../../support/mocked";
import { find, isSecret, request } from "../../support/referenceSite";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGZpcnN0LWtleS1vZi10aGUtdGVzdHMtMDEyMw";
const OTHER = KEY.replace("GZp", "GZq");
const group = (hostKey: string, more: object = {}) =>
  nodeGroup.parse({
    name: "gpu",
    hosts: [{ names: "gpu[1-2]", addresses: "10.2.0.[1-2]" }],
    ...{ cpus: 2, memoryMiB: 500 },
    ssh: { hostKeys: { gpu1: hostKey, gpu2: KEY } },
    ...more,
  });
const make = async (groups: unknown[], mungeKey = "the munge key") => {
  const nodeGroups = groups as SlurmSettings["slurm"]["nodeGroups"];
  const made = await registered(() => {
    const ready = new local.Command("controllers", {}).stdout;
    new ExternalNodes("external-nodes", {
      fleet,
      cluster: { ...cluster, slurm: { ...cluster.slurm, nodeGroups, computeNodes: undefined } },
      controllers: { machines: [], mungeKey: pulumi.output(mungeKey), ready },
    });
  });
  const { inputs, dependsOn, secretOutputs } = find(made, "external-nodes");
  const wanted = inputs["wanted"] as Record<string, string>;
  return { inputs, dependsOn, secretOutputs, wanted, told: request(made, "external-nodes") };
};

describe("machines of the owner's", () => {
  it("are told after the controllers, and what they are told is a secret", async () => {
    const { inputs, dependsOn, secretOutputs, wanted, told } = await make([group(KEY)]);
    expect(dependsOn).toEqual(["controllers"]);
    expect(isSecret(inputs["request"])).toBe(true);
    expect(secretOutputs).toContain("leaving");
    expect(Object.keys(wanted)).toEqual(["gpu1 10.2.0.1", "gpu2 10.2.0.2"]);
    expect(told).toMatchObject({ there: ["gpu1 10.2.0.1", "gpu2 10.2.0.2"] });
    // The key comes from a controller when it is needed.
    expect(JSON.stringify(told)).not.toContain("the munge key");
    expect(Object.keys((told["told"] as { site: { addresses: object } }).site.addresses)).toEqual([
      ...["controllers", "compute", "login"],
    ]);
  });

  it("are others with another host key, and all with another munge key or machine of the cluster", async () => {
    const { wanted } = await make([group(KEY)]);
    const { wanted: anew } = await make([group(OTHER)]);
    expect(anew["gpu1 10.2.0.1"]).not.toBe(wanted["gpu1 10.2.0.1"]);
    expect(anew["gpu2 10.2.0.2"]).toBe(wanted["gpu2 10.2.0.2"]);
    for (const other of [
      await make([group(KEY)], "another"),
      await make([
        group(KEY),
        nodeGroup.parse({
          ...group(KEY, { name: "more", ssh: undefined }),
          hosts: [{ names: "more1", addresses: "10.2.0.3" }],
        }),
      ]),
    ]) {
      expect(other.wanted["gpu2 10.2.0.2"]).not.toBe(wanted["gpu2 10.2.0.2"]);
    }
  });

  it("are the same by another user or port, and none of those without ssh", async () => {
    const { wanted } = await make([group(KEY)]);
    const reached = { user: "adm", port: 2222, installPackages: true };
    const ssh = { ...reached, hostKeys: { gpu1: KEY, gpu2: KEY } };
    expect((await make([group(KEY, { ssh })])).wanted).toEqual(wanted);
    const { wanted: none, told } = await make([group(KEY, { ssh: undefined })]);
    expect(none).toEqual({});
    expect(told).toMatchObject({ hosts: [], there: ["gpu1 10.2.0.1", "gpu2 10.2.0.2"] });
  });
});
