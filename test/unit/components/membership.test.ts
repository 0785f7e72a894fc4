import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { Membership } from "../../../components/entry/membership";
import { family, fleetOf, known, machines, site, vips } from "../../support/fleet";
import { registered } from "../../support/mocked";
import { find, request } from "../../support/referenceSite";

const COMMAND = "command:local:Command";
const { driver } = fleetOf(false);
const gate = () => new local.Command("unused", {});
const services = site.services.slice(0, 2);

async function make(web = machines.web) {
  const said: string[] = [];
  const made = await registered(async () => {
    const parent = new pulumi.ComponentResource("test:Entry", "entry");
    const of = (specs: typeof web) =>
      driver.set(specs[0]?.tier ?? "", { specs, gate }, {}).machines;
    const membership = new Membership(
      "entry-membership",
      {
        entry: Object.assign(parent, { machines: of(machines.entry) }),
        web: of(web),
        services,
        webVip: vips.web,
        pool: { drainSeconds: 300, readySeconds: 60 },
        patience: 2,
        sshKeyFile: "/key",
      },
      { dependsOn: [new local.Command("configuration", {})] },
    );
    said.push(await known(membership.summary));
  });
  return { made, summary: said[0] };
}

describe("Membership", () => {
  it("is one command below the entry, updated in place, after all configuration", async () => {
    const { made, summary } = await make();
    expect(family(made.filter((m) => m.name.startsWith("entry-membership")))).toEqual([
      "entry > entry-membership hpc-ha:entry:Membership",
      `entry-membership > entry-membership-command ${COMMAND}`,
    ]);
    expect(find(made, "entry-membership-command").inputs).toEqual({
      create: "node --import tsx programs/membership.ts",
      update: "node --import tsx programs/membership.ts",
      stdin: expect.anything() as unknown,
      addPreviousOutputInEnv: false,
    });
    // A child is registered when its parent is, and that waits.
    expect(find(made, "entry-membership").dependsOn).toEqual(["configuration"]);
    expect(summary).toBe("entry-membership-command: done");
  });

  it("wants these nodes, each with all services, in both HAProxy nodes", async () => {
    const { made } = await make();
    expect(request(made, "entry-membership-command")).toEqual({
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

  it("is another request, to the same command, when a node goes", async () => {
    const { made } = await make(machines.web.slice(0, 1));
    expect(request(made, "entry-membership-command")["wanted"]).toEqual([
      { name: "web1", address: "192.168.1.21" },
    ]);
  });

  it("takes the place of the one of 0.1's HaproxyTier", async () => {
    expect(find((await make()).made, "entry-membership").aliases).toContain(
      "urn:pulumi:prod::hpc-ha::hpc-ha:haproxy:HaproxyTier::entry::hpc-ha:haproxy:Membership::entry-membership",
    );
  });
});
