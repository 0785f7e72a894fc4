/** What the server exports (requirements). */
export const DIRECTORY = "/slurm_shared";
/** The second disk of the plan's machine: root is the first. */
const DEVICE = "/dev/vdb";

/** Variables of ansible/share.yml; its role's argument_specs describe them. */
export const shareVars = (clients: string[]): Record<string, unknown> => ({
  share_device: DEVICE,
  share_directory: DIRECTORY,
  share_clients: clients,
});
