import * as pulumi from "@pulumi/pulumi";
import type { Fleet } from "../../components/ansible";
import { plan } from "../../components/house";
import { tiers, type Topology } from "../../components/tiers";
import type { Driver } from "../../drivers/driver";
import { Machine } from "../../drivers/machine";
import { configOf } from "./referenceSite";
import { parsed } from "./site";
import type { Registration } from "./mocked";

/** Machines that are there as soon as they are asked for. Like VMs they have gates. */
const driver: Driver = {
  set: (name, { specs, gate }, opts) => {
    const machines = specs.map(
      (spec) =>
        new Machine(
          `${name}-${spec.name}`,
          spec,
          () => ({
            address: pulumi.output(spec.address),
            hostKey: pulumi.output(`ssh-ed25519 ${spec.name}`),
            incarnation: pulumi.output("first"),
          }),
          opts,
        ),
    );
    const members = machines.map(({ spec, hostKey }) => ({ spec, hostKey }));
    const ready = (machine: Machine) => (hostKey: string) => ({
      name: machine.spec.name,
      address: machine.spec.address,
      knownHosts: hostKey,
      sshKeyFile: "/key",
      bootSeconds: 60,
    });
    const gates = machines.map((machine) =>
      gate({ name: `${name}-${machine.spec.name}`, machine, members, ready: ready(machine) }),
    );
    return { machines, gates };
  },
  fenceHosts: (name, specs) => [{ name, uri: "test:///", address: "192.168.1.2", specs }],
  networkName: "net",
  base: { nameservers: ["192.168.1.1"], timeServers: [], packages: ["nftables"] },
};

export const fleet: Fleet = {
  driver,
  place: { prefix: "hpc-ha-prod", home: "/home", sshKeyFile: "/key" },
  firewall: {
    admins: ["192.168.1.1"],
    rules: Object.fromEntries(
      Object.keys(tiers).map((tier) => [tier, [{ what: tier, protocol: "any", from: [] }]]),
    ) as unknown as Fleet["firewall"]["rules"],
  },
};

/** The reference site's machines, and its config. */
export const site = parsed(configOf("prod"));
export const topology: Topology = plan(site);
export const { machines, vips } = topology;

/** Name, type and parent of everything that was made. */
export const family = (made: Registration[]): string[] =>
  made.map(({ name, type, parent }) => `${parent && `${parent} > `}${name} ${type}`).sort();
