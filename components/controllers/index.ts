import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { AnsibleRun } from "../ansible";
import { CA_FILE } from "../certificates";
import type { Database } from "../galera";
import type { Machine } from "../../drivers/machine";
import { Fencing, type FenceTarget } from "../../drivers/fencing";
import { machineSet } from "../machineSet";
import { StateShare } from "../share";
import type { Site } from "../site";

/** Where the controllers see their state share (requirements). */
const SHARE = "/mnt/slurm";

export interface SlurmMastersArgs {
  site: Site;
  /** Database of the accounting. */
  database: Database;
  /** CA certificate (PEM) that slurmdbd verifies the database with. */
  ca: pulumi.Input<string>;
}

/**
 * The two Slurm controllers: slurmctld runs on the one that holds the VIP and can prove that it owns the state on
 * the share; slurmdbd runs on both.
 */
export class SlurmMasters extends pulumi.ComponentResource {
  readonly machines: Machine[];
  /** Where the job state is. */
  readonly share: StateShare;
  /** Key that all machines of the cluster share. Secret. */
  readonly mungeKey: pulumi.Output<string>;
  /** Closing line of the Ansible run: a controller answers at the VIP. */
  readonly ready: pulumi.Output<string>;

  constructor(name: string, args: SlurmMastersArgs, opts?: pulumi.ComponentResourceOptions) {
    super("hpc-ha:slurm:SlurmMasters", name, {}, opts);
    const { site, database } = args;
    this.share = new StateShare(`${name}-share`, { site, target: SHARE }, { parent: this });
    const specs = site.topology.machines["controllers"];
    const fencing = new Fencing(`${name}-fencing`, { site, machines: specs }, { parent: this });
    this.mungeKey = new random.RandomBytes(
      `${name}-munge-key`,
      { length: 128 },
      { parent: this },
    ).base64;
    const vars = pulumi
      .secret(pulumi.all([this.mungeKey, database.password, args.ca, fencing.key, fencing.targets]))
      .apply(([mungeKey, password, ca, fenceKey, fenceTargets]) => ({
        ...slurmVars(site, mungeKey),
        ...controllerVars(site, { ...database, password }, ca),
        ...fenceVars(fenceKey, fenceTargets),
      }));
    const playbook = "controllers.yml";
    const { machines, gates } = machineSet(
      name,
      {
        site,
        specs,
        share: this.share,
        group: "controllers",
        playbook,
        vars,
      },
      { parent: this },
    );
    this.machines = machines;
    const run = new AnsibleRun(
      `${name}-config`,
      {
        site,
        playbook,
        groups: { controllers: machines },
        after: gates.at(-1),
        vars: pulumi.all([vars, database.ready]).apply(([plain]) => plain),
      },
      { parent: this },
    );
    this.ready = run.recap;
    this.registerOutputs({ mungeKey: this.mungeKey, ready: this.ready });
  }
}

/**
 * What a machine's kernel leaves to jobs of its memory, with room for its own daemons. A node that reports less than
 * slurm.conf says is invalid, and takes no jobs; a VM of 1024 MiB reports 960 (a container what its host has).
 */
export const usableMiB = (memoryMiB: number): number => Math.floor(memoryMiB * 0.95) - 32;

/** Variables of both Slurm playbooks; the roles' argument_specs describe them. */
export function slurmVars(
  { config, topology }: Pick<Site, "config" | "topology">,
  mungeKey: string,
): Record<string, unknown> {
  const { slurm, ports } = config;
  return {
    munge_key: mungeKey,
    slurm_cluster_name: slurm.clusterName,
    slurm_partition: slurm.partition,
    slurm_vip: topology.slurmVip,
    slurm_patience: config.failoverPatience,
    slurm_controllers: topology.machines["controllers"].map(({ name, address }) => ({
      name,
      address,
    })),
    slurm_nodes: topology.machines["compute"].map((spec) => ({
      name: spec.name,
      address: spec.address,
      cpus: spec.vcpus,
      memory_mib: usableMiB(spec.memoryMiB),
    })),
    slurm_ctld_port: ports.slurmctld,
    slurm_d_port: ports.slurmd,
    slurm_dbd_port: ports.slurmdbd,
    slurm_srun_ports: `${ports.srunFirst}-${ports.srunLast}`,
    slurm_share: SHARE,
    slurm_proctrack: slurm.proctrack,
    slurm_task_plugin: slurm.taskPlugin,
  };
}

/** What only the controllers need: addresses of their own, timings, and the database. */
function controllerVars(
  { config, topology }: Pick<Site, "config" | "topology">,
  database: Pick<Database, "host" | "port" | "name" | "user"> & { password: string },
  ca: string,
): Record<string, unknown> {
  return {
    slurm_clients: topology.machines.login.map(({ name, address }) => ({ name, address })),
    slurm_vip_prefix_length: topology.prefixLength,
    slurm_interface: config.interface,
    slurm_router_id: config.slurm.routerId,
    slurm_advert_seconds: config.failoverPatience * config.vrrp.advertSeconds,
    // Four heartbeats (0.5 s each): a controller that missed so many does not write the state any more.
    slurm_stale_seconds: config.failoverPatience * 2,
    // A busy controller may take a moment to answer; a hung one takes for ever, and users wait for so long and
    // the takeover (about 2 s): together at most 5 s.
    slurm_answer_seconds: config.failoverPatience * 2.5,
    // A share that hangs, or a watch that does.
    slurm_watchdog_seconds: config.failoverPatience * 3,
    // Within a site a connection takes milliseconds.
    slurm_dbd_silent_seconds: config.failoverPatience * 0.3,
    slurm_db_host: database.host,
    slurm_db_port: database.port,
    slurm_db_name: database.name,
    slurm_db_user: database.user,
    slurm_db_password: database.password,
    slurm_db_ca: ca,
    slurm_db_ca_file: CA_FILE,
  };
}

/** How a controller switches the other one off. */
const fenceVars = (key: string, targets: FenceTarget[]): Record<string, unknown> => ({
  slurm_fence_key: key,
  slurm_fence_targets: targets,
});
