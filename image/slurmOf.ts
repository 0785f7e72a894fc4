import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";
import * as yaml from "js-yaml";
import { z } from "zod";
import { slurmPackages, type SlurmPackagesName } from "../components/slurm/packages";
import { projectRoot } from "../lib/project";

const DEFAULT: SlurmPackagesName = "debian";

/** What of a stack's file says it; as text where it was set so. */
const schema = z.object({
  config: z.object({
    "hpc-ha:slurm": z.preprocess(
      (value) => (typeof value === "string" ? yaml.load(value) : value),
      z.object({ packages: slurmPackages.default(DEFAULT) }),
    ),
  }),
});

/**
 * Which Slurm the machines of a stack have, by the file of its config: an image is made before Pulumi runs. What is not
 * valid there `pulumi up` refuses. @param text of the file
 */
export const slurmIn = (text: string): SlurmPackagesName =>
  schema.safeParse(yaml.load(text)).data?.config["hpc-ha:slurm"].packages ?? DEFAULT;

/** The same of a stack by its name. Default: the one that `pulumi stack select` chose. */
export async function slurmOf(stack?: string): Promise<SlurmPackagesName> {
  const name = stack ?? (await selected());
  const file = path.join(projectRoot, `Pulumi.${name}.yaml`);
  return name === "" || !existsSync(file) ? DEFAULT : slurmIn(readFileSync(file, "utf8"));
}

async function selected(): Promise<string> {
  const { failed, stdout } = await execa("pulumi", ["stack", "--show-name"], {
    cwd: projectRoot,
    reject: false,
  });
  return failed ? "" : stdout.trim();
}
