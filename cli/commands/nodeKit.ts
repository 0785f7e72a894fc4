import { writeFileSync } from "node:fs";
import { askCluster, foreignNodes, nodeKit as kitOf } from "../../components/controllers/nodeKit";
import type { Command } from "../command";
import { runningSite } from "../runningSite";

/** `npx hpc node-kit FILE`: what makes machines of `slurm.nodeGroups[].hosts` nodes of the cluster, for who provisions them. */
export const nodeKit: Command = async (context) => {
  const [file] = context.args;
  if (file === undefined) throw new Error("node-kit FILE: a new file, which has a secret");
  const { outputs, progress } = context;
  const facts = await askCluster(runningSite(context));
  const made = Object.keys(outputs.addresses["compute"] ?? {});
  // Never somebody else's file, nor one that others may read.
  writeFileSync(file, kitOf(facts, outputs), { mode: 0o600, flag: "wx" });
  const names = foreignNodes(facts.config, made).map(({ name }) => name);
  progress(
    `${file} is for ${names.length} machines (${names.slice(0, 5).join(", ")}${names.length > 5 ? ", …" : ""}): \`sh ${file}\` there as root. ` +
      "It has the cluster's munge key: keep it as you keep root's password.",
  );
  return 0;
};
