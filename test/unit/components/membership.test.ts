import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { Membership } from "../../../components/entry/membership";
import { family, fleetOf, known, machines, site, vips } from "../../support/fleet";
import { type Registration, registered } from "../../support/mocked";
import { find, request } from "../../support/referenceSite";

const NAME = "entry-membership";
const gate = () => new local.Command("unused", {});
const services = site.services.slice(0, 2);

/** @param incarnation how often the machines were made */
async function make(web = machines.web, sshKeyFile = "/key", incarnation = "first") {
  const said: string[] = [];
  const { driver } = fleetOf(false, [], incarnation);
  const made = await registered(async () => {
    const parent = new pulumi.ComponentResource("test:Entry", "entry");
    const of = (specs: typeof web) =>
      driver.set(specs[0]?.tier ?? "", { specs, gate, relief: gate }, {}).machines;
    const membership = new Membership(
      NAME,
      {
        entry: of(machines.entry),
        web: { machines: of(web) },
        services,
        webVip: vips.web,
        pool: { drainSeconds: 300, readySeconds: 60 },
        patience: 2,
        sshKeyFile,
      },
      { parent, dependsOn: [new local.Command("configuration", {})] },
    );
    said.push(await known(membership.summary));
  });
  return { made, summary: said[0] };
}

describe("Membership", () => {
  it("is one resource, updated in place, after all configuration", async () => {
    const { made, summary } = await make();
    expect(family(made.filter((m) => m.name.startsWith("entry-membership")))).toEqual([
      "entry > entry-membership pulumi-nodejs:dynamic/hpc-ha:Membership",
    ]);
    const { inputs, dependsOn, replaceWith, secretOutputs } = find(made, "entry-membership");
    expect(Object.keys(inputs).sort()).toEqual(["__provider", "request", "seats", "wanted"]);
    expect(dependsOn).toContain("configuration");
    expect([replaceWith, secretOutputs]).toEqual([[], []]);
    expect(summary).toBe("entry-membership: done");
  });

  it("wants these nodes, each with all services, in both HAProxy nodes", async () => {
    const { made } = await make();
    expect(request(made, NAME)).toEqual({
      nodes: machines.entry.map(({ name, address }) => ({ name, address })),
      services: services.map(({ name, port, healthPath }) => ({
        ...{ name, port, healthPath, healthStatus: "200", checkSeconds: 0.8 },
      })),
      wanted: machines.web.map(({ name, address }) => ({ name, address })),
      faults: {},
      webVip: "192.168.1.101",
      drainSeconds: 300,
      readySeconds: 60,
      patience: 2,
      ssh: {
        user: "root",
        privateKeyFile: "/key",
        knownHosts: "192.168.1.151 ssh-ed25519 haproxy1\n192.168.1.152 ssh-ed25519 haproxy2\n",
      },
    });
  });

  it("is another one, to the same resource, when a node goes or a HAProxy machine is made anew", async () => {
    const { made } = await make(machines.web.slice(0, 1));
    expect(request(made, NAME)["wanted"]).toEqual([{ name: "web1", address: "192.168.1.21" }]);
    const wanted = (all: Registration[]) => find(all, NAME).inputs["wanted"];
    const usual = wanted((await make()).made);
    expect(wanted(made)).not.toBe(usual);
    expect(wanted((await make(machines.web, "other")).made)).toBe(usual);
    expect(wanted((await make(machines.web, "/key", "second")).made)).not.toBe(usual);
  });
});
