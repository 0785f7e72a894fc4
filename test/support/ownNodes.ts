import execa from "execa";
import { projectRoot } from "../../lib/project";
import type { GuestKey } from "./guest";
import { baseConfig, configure, stack } from "./site";

const SIZE = { cpus: 2, memoryMiB: 500 };

/** A group of one machine that is the owner's, `<name>1`. */
export const group = (name: string, address: string, more: object = {}) => ({
  ...{ name, hosts: [{ names: `${name}1`, addresses: address }], ...SIZE, ...more },
});

/** Config with groups besides the site's own nodes. @param key of those with ssh, which is set as a secret */
export async function configureNodes(key: GuestKey, ...groups: object[]): Promise<void> {
  const nodeGroups = [{ name: "compute", count: 2 }, ...groups];
  configure({ slurm: { ...(baseConfig()["slurm"] as object), nodeGroups, drainSeconds: 3 } });
  for (const [i, one] of nodeGroups.entries()) {
    if (!("ssh" in one)) continue;
    const at = `hpc-ha:slurm.nodeGroups[${i}].ssh.privateKey`;
    const words = ["config", "set", "--secret", "--path", at, "--stack", stack.name];
    await execa("pulumi", words, { cwd: projectRoot, input: key.text });
  }
}

/** What a `pulumi up` says. Rejects when it fails. */
export const passing = async () => (await stack.start("up", "--yes", "--skip-preview")).all ?? "";

/** What a `pulumi up` says that fails; "" when it does not. */
export const failing = () =>
  stack.start("up", "--yes", "--skip-preview").then(
    () => "",
    (error: { all: string }) => error.all,
  );
