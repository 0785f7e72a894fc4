import * as pulumi from "@pulumi/pulumi";
import type { Machine } from "../drivers/machine";
import { digest } from "../lib/hash";
import { pinnedSsh, renderKnownHosts } from "../lib/ssh";
import type { ReadyRequest } from "../programs/ready";
import { type Fleet, type InventoryHost, runRequest, seatsOn } from "./ansible";
import { hashSources } from "./ansibleSources";
import type { ChangeGround } from "./changeRequest";
import type { ConfigurationInputs, ConfigurationState, Question } from "./configurationProvider";
import { type TierName, tiers } from "./tiers";
import { providerOf } from "./trampoline";

/** A machine of the tier, or one that is asked for it. */
export interface Reached extends InventoryHost {
  /** Another one when the machine was made anew. */
  incarnation: string;
  /** See Made: how it is started anew, when it has to be. */
  power: string[];
}

export interface ConfigurationArgs {
  fleet: Fleet;
  /** Whose playbook: `ansible/<tier>.yml`, which configures the group of this name. */
  tier: TierName;
  /** All machines of the tier. */
  hosts: pulumi.Input<Reached[]>;
  /** Play-wide variables. Secrets stay secret: they travel on stdin only. */
  vars: pulumi.Input<Record<string, unknown>>;
  /**
   * Makes it a gate: it is passed at once, and again, when the machine is another one, once that is part of its tier;
   * or, where it is not said how the machine is known to have booted, once that is relieved before it is made anew.
   */
  gate?: {
    machine: string;
    incarnation: pulumi.Input<string>;
    ready?: pulumi.Input<ReadyRequest>;
  };
}

type Inputs = { [K in keyof ConfigurationInputs]: pulumi.Input<ConfigurationInputs[K]> };
type Outputs = { [K in Exclude<keyof ConfigurationState, keyof ConfigurationInputs>]: undefined };
const OUTPUTS: Outputs = {
  applied: undefined,
  files: undefined,
  drift: undefined,
  faults: undefined,
  recap: undefined,
};

/**
 * What the machines of a tier are told to be, compared with what is there. New machines are configured all at once;
 * machines that serve are changed one at a time, each relieved before and its tier whole after it, and only when
 * something changes for them. What failed, was cut off or was changed by hand since is done again by the next run.
 */
export class Configuration extends pulumi.dynamic.Resource {
  /** Depend on it to come after the tier is configured; the same whatever changed. */
  declare readonly recap: pulumi.Output<string>;
  /** Machines that came and could not be configured, with the reason; only of a tier that bears that. */
  declare readonly faults: pulumi.Output<Record<string, string>>;

  constructor(name: string, args: ConfigurationArgs, opts?: pulumi.CustomResourceOptions) {
    const inputs = { ...inputsOf(args), ...OUTPUTS };
    const provider = providerOf<ConfigurationInputs, ConfigurationState>(
      "components/configurationProvider.ts",
      "configurationProvider",
    );
    super(provider, name, inputs, opts, "hpc-ha", "Configuration");
  }
}

/** How a machine is reached. @param address default: its own, once it has booted */
export const hostOf = (
  machine: Machine,
  address: pulumi.Input<string> = machine.address,
): pulumi.Output<InventoryHost> =>
  pulumi
    .all([address, machine.hostKey])
    .apply(([at, hostKey]) => ({ name: machine.spec.name, address: at, hostKey }));

function inputsOf({ fleet, tier, hosts, vars, gate }: ConfigurationArgs): Inputs {
  const entry = pulumi.output(
    fleet.entry.then((all) =>
      // A gate cannot wait for their boot: some of them may wait for it.
      pulumi.all(all.map((m) => hostOf(m, gate ? m.spec.address : m.address))),
    ),
  );
  const access = { user: "root", privateKeyFile: fleet.place.sshKeyFile };
  const units = tiers[tier].units(fleet.facts);
  const told = pulumi.all([pulumi.output(hosts), pulumi.output(vars)]);
  const request = pulumi.all([told, entry, gate?.ready]).apply(([[own, plain], others, ready]) => {
    const reached = [...own, ...others.filter((o) => own.every((h) => h.name !== o.name))];
    const ground: ChangeGround = {
      tier,
      run: runRequest(fleet, tier, own, plain),
      units,
      site: fleet.facts,
      knownHosts: renderKnownHosts(reached),
      power: Object.fromEntries(own.map(({ name, power }) => [name, power])),
      ...(ready && { ready }),
      ...(gate && !gate.ready && { relieveOnly: true }),
    };
    return JSON.stringify(ground);
  });
  const wanted = gate
    ? pulumi.output(gate.incarnation).apply((now) => ({ [gate.machine]: now }))
    : told.apply(([own, plain]) => {
        const { playbook, vars } = runRequest(fleet, tier, own, plain);
        const sources = hashSources("ansible", playbook);
        return Object.fromEntries(
          own.map((host) => [host.name, digest([sources, vars, host.incarnation])]),
        );
      });
  return {
    tier,
    gate: gate !== undefined,
    // A hash of secrets that nobody can guess tells nothing of them.
    wanted: pulumi.unsecret(wanted),
    questions: pulumi
      .output(hosts)
      .apply((all) =>
        Object.fromEntries(
          (gate ? [] : all).map((host): [string, Question] => [
            host.name,
            { ssh: pinnedSsh(access, host, { cheap: true }), units },
          ]),
        ),
      ),
    seats: entry.apply((all) => seatsOn(fleet.place.sshKeyFile, all)),
    request: pulumi.secret(request),
  };
}
