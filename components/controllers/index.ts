import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { Fencing } from "../../drivers/fencing";
import type { Machine } from "../../drivers/machine";
import type { SharedFiles } from "../../drivers/driver";
import { formerly, OLD } from "../aliases";
import type { Fleet } from "../ansible";
import type { Database } from "../database";
import { machineSet } from "../machineSet";
import { type SlurmSettings, slurmVars } from "../slurm";
import { restVars } from "../slurm/rest";
import type { MachineSpec } from "../tiers";
import { Accounting } from "./accounts";
import { restKeys } from "./restKeys";
import { type ControllerSettings, controllerVars } from "./vars";

export interface ControllersArgs {
  fleet: Fleet;
  specs: MachineSpec[];
  /** Where the job state is. */
  share: SharedFiles;
  cluster: SlurmSettings;
  settings: ControllerSettings;
  /** TCP port of fence_virtd on their hosts. */
  fencePort: number;
  /** Database of the accounting. */
  database: Database;
  /** CA certificate (PEM) that slurmdbd verifies the database with. */
  ca: pulumi.Input<string>;
}

/**
 * The two Slurm controllers: slurmctld runs on the one that holds the VIP and can prove that it owns the state on
 * the share; slurmdbd runs on both.
 */
export class Controllers extends pulumi.ComponentResource {
  readonly machines: Machine[];
  /** Key that all machines of the cluster share. Secret. */
  readonly mungeKey: pulumi.Output<string>;
  /** By which the portal proves to them that it is it; "" where it does not ask. Secret. */
  readonly portalKey: pulumi.Output<string>;
  /** Closing line of the Ansible run: a controller answers at the VIP. */
  readonly ready: pulumi.Output<string>;

  constructor(name: string, args: ControllersArgs, opts?: pulumi.ComponentResourceOptions) {
    const aliases = [formerly(OLD.masters, "slurm")];
    super("hpc-ha:controllers:Controllers", name, {}, { aliases, ...opts });
    const { fleet, specs, share, database } = args;
    const { driver, place } = fleet;
    const fenceName = `${name}-fencing`;
    const fencing = new Fencing(
      fenceName,
      {
        place,
        machines: specs,
        hosts: driver.fenceHosts(fenceName, specs),
        port: args.fencePort,
        networkName: driver.networkName,
      },
      { parent: this },
    );
    this.mungeKey = new random.RandomBytes(
      `${name}-munge-key`,
      { length: 128 },
      { parent: this },
    ).base64;
    const { rest, packages } = args.cluster.slurm;
    const keys = restKeys(name, rest, { parent: this });
    this.portalKey = keys.portal;
    const vars = pulumi
      .secret(
        pulumi.all([
          ...([this.mungeKey, database.password, args.ca] as const),
          ...([fencing.key, fencing.targets, keys.jwt, keys.portal] as const),
        ]),
      )
      .apply(([mungeKey, password, ca, key, targets, jwt, portal]) => ({
        ...slurmVars(args.cluster, mungeKey),
        ...controllerVars(args.settings, { ...database, password }, ca, { key, targets }),
        ...restVars(rest, packages, args.cluster.ports, { jwt, portal }),
      }));
    const set = machineSet(
      name,
      { fleet, tier: "controllers", specs, share, vars, after: [database.ready] },
      { parent: this },
    );
    this.machines = set.machines;
    this.ready = set.ready;
    const { clusterName, accounts } = args.cluster.slurm;
    new Accounting(
      `${name}-accounts`,
      {
        clusterName,
        accounts,
        controllers: set.machines,
        entry: fleet.entry,
        sshKeyFile: place.sshKeyFile,
      },
      { parent: this, dependsOn: set.configuration ?? [] },
    );
    this.registerOutputs({ mungeKey: this.mungeKey, ready: this.ready });
  }
}
