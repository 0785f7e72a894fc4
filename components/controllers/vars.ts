import * as path from "node:path";
import type { z } from "zod";
import type { FenceTarget } from "../../drivers/fencing";
import { contentHash } from "../../lib/hash";
import { projectRoot } from "../../lib/project";
import { buildSlurmHa } from "../../slurm-ha/build";
import { CA_FILE } from "../certificates";
import type { Database } from "../database";
import { type Mail, relayOf } from "../slurm/mail";
import { packagesOf, type SlurmPackagesName } from "../slurm/packages";
import { type purge, purgeOptions } from "../slurm/purge";

/** What only the controllers are told. */
export interface ControllerSettings {
  /** Which Slurm they have. */
  packages: SlurmPackagesName;
  /** When the accounting forgets what. */
  purge: z.infer<typeof purge>;
  /** Longest wait for the jobs of nodes that leave or change, s. */
  drainSeconds: number;
  /** Whether batch jobs that a crash of slurmctld has taken are submitted again by themselves. */
  resubmitLost: boolean;
  /** By whom jobs' mails are sent. Default: nobody. */
  mail?: Mail | undefined;
  /** Network interface that gets the VIP. */
  interface: string;
  prefixLength: number;
  routerId: number;
  /** VRRP's interval, s. */
  advertSeconds: number;
  /** Factor of all time limits of a failover. */
  patience: number;
}

/** Variables of ansible/controllers.yml besides those of all Slurm machines; its roles' argument_specs describe them. */
export const controllerVars = (
  { packages, purge, drainSeconds, resubmitLost, mail, patience, ...network }: ControllerSettings,
  database: Pick<Database, "host" | "port" | "name" | "user"> & { password: string },
  ca: string,
  fencing: { key: string; targets: FenceTarget[] },
): Record<string, unknown> => ({
  slurm_ha_program: program(),
  slurm_drain_seconds: drainSeconds,
  slurm_resubmit_lost: resubmitLost,
  slurm_states: packagesOf(packages).states.join("-"),
  slurm_mail_relay: relayOf(mail),
  slurm_vip_prefix_length: network.prefixLength,
  slurm_interface: network.interface,
  slurm_router_id: network.routerId,
  slurm_advert_seconds: patience * network.advertSeconds,
  // Four heartbeats (0.5 s each): a controller that missed so many does not write the state any more.
  slurm_stale_seconds: patience * 2,
  // A busy controller may take a moment to answer; a hung one takes for ever, and users wait for so long and
  // the takeover (about 2 s): together at most 5 s.
  slurm_answer_seconds: patience * 2.5,
  // A share that hangs, or a watch that does.
  slurm_watchdog_seconds: patience * 3,
  // Within a site a connection takes milliseconds.
  slurm_dbd_silent_seconds: patience * 0.3,
  slurm_dbd_options: purgeOptions(purge),
  slurm_db_host: database.host,
  slurm_db_port: database.port,
  slurm_db_name: database.name,
  slurm_db_user: database.user,
  slurm_db_password: database.password,
  slurm_db_ca: ca,
  slurm_db_ca_file: CA_FILE,
  // How a controller switches the other one off.
  slurm_fence_key: fencing.key,
  slurm_fence_targets: fencing.targets,
});

/** The controllers' program; the path is the project's, the same in every clone. */
function program(): { path: string; hash: string } {
  const file = buildSlurmHa();
  return { path: path.relative(projectRoot, file), hash: contentHash(file) };
}
