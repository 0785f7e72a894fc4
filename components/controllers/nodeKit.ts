import { readFileSync } from "node:fs";
import * as path from "node:path";
import { projectRoot } from "../../lib/project";
import { expandHostlist } from "../../plan/hostlist";
import type { SiteOutputs } from "../../plan/outputs";
import type { RunningSite } from "../../rollout/roll";
import { quote } from "../look";
import { STATE_SHARE } from "../slurm";
import { nodePackages } from "../slurm/packages";

/** What a controller says of its cluster. */
export interface ClusterFacts {
  /** Its name, and what tells it from another one of this name. */
  identity: string;
  /** The common key of its machines, base64. Secret. */
  mungeKey: string;
  /** slurm.conf as it is in force. */
  config: string;
  /** Of Slurm: the first two numbers. */
  version: string;
}

/** A machine of the cluster that this program did not make. */
export interface ForeignNode {
  name: string;
  address: string;
}

const JOIN = "components/controllers/join.sh";
const JOINED = "components/controllers/joined.sh";
const UNIT = "ansible/roles/compute/files/slurmd.service";

/** What the program is made of. */
export const JOIN_SOURCES = [JOIN, JOINED, UNIT];

/** Parts of the question, each behind its mark. */
const MARK = "==> ";
const PARTS = {
  identity: `cat ${STATE_SHARE}/ha/identity`,
  mungeKey: "base64 -w 0 /etc/munge/munge.key; echo",
  config: "cat /etc/slurm/slurm.conf",
  version: "slurmctld -V",
};

/** @throws Error when no controller tells */
export async function askCluster({
  machines,
}: {
  machines: Pick<RunningSite["machines"], "names" | "ask">;
}): Promise<ClusterFacts> {
  const question = Object.entries(PARTS).map(
    ([name, ask]) => `echo; echo '${MARK}${name}'; ${ask}`,
  );
  for (const name of machines.names("controllers")) {
    const said = await machines.ask(name, question.join("; "));
    if (said !== undefined) return readCluster(said);
  }
  throw new Error("no controller answers");
}

/** @throws Error when something is missing */
function readCluster(said: string): ClusterFacts {
  const parts = new Map(
    said.split(`\n${MARK}`).map((part) => {
      const [name = "", ...text] = part.split("\n");
      return [name.replace(MARK, "").trim(), text.join("\n").trim()] as const;
    }),
  );
  const of = (name: keyof typeof PARTS) => {
    const text = parts.get(name) ?? "";
    if (text === "") throw new Error(`the controller does not say: ${PARTS[name]}`);
    return text;
  };
  const version = /\d+\.\d+/.exec(of("version"))?.[0] ?? "";
  return { identity: of("identity"), mungeKey: of("mungeKey"), config: of("config"), version };
}

/** The nodes of a slurm.conf that are not among those that were made. Pure. */
export function foreignNodes(config: string, made: readonly string[]): ForeignNode[] {
  return [...config.matchAll(/^NodeName=(\S+) NodeAddr=(\S+)/gm)].flatMap(
    ([, names = "", addresses = ""]) => {
      const all = expandHostlist(addresses);
      return expandHostlist(names)
        .map((name, i) => ({ name, address: all[i] ?? "" }))
        .filter(({ name }) => !made.includes(name));
    },
  );
}

/** What the program of a machine is told besides, and which text of its own it has between configuring and starting. */
export interface Besides {
  values: Record<string, string>;
  text: string;
}

/**
 * A shell program that makes a machine of `hosts` a node of this cluster, run there as root by whatever provisions it. It has
 * the munge key: whoever reads it may act as any user of the cluster.
 * @param besides where this program runs it itself. Default: nothing
 * @throws Error when the cluster has no such machines
 */
export function nodeKit(
  facts: ClusterFacts,
  { addresses, vips }: Pick<SiteOutputs, "addresses" | "vips">,
  besides?: Besides,
): string {
  const { identity, mungeKey, config, version } = facts;
  const option = (key: string) => optionOf(config, key);
  const made = addresses["compute"] ?? {};
  const nodes = foreignNodes(config, Object.keys(made));
  if (nodes.length === 0) {
    throw new Error("the cluster has no machines of its owner's: slurm.nodeGroups with hosts");
  }
  const others = Object.entries({ ...addresses["controllers"], ...made, ...addresses["login"] });
  const values = {
    CLUSTER: option("ClusterName"),
    IDENTITY: identity,
    VERSION: version,
    PACKAGES: nodePackages(version),
    SERVER: `${vips.slurm}:${option("SlurmctldPort")}`,
    SCRIPTS: ["Prolog", "Epilog"]
      .filter((key) => option(key) !== "")
      .map((key) => key.toLowerCase())
      .join(" "),
    PORTS: `port ${option("SlurmdPort")} from controllers and login machine, any from the other nodes`,
    NODES: nodes.map(({ name, address }) => `${name} ${address}`).join("\n"),
    HOSTS: [
      ...others.map(([name, address]) => `${address} ${name}`),
      ...nodes.map(({ name, address }) => `${address} ${name}`),
    ].join("\n"),
    KEY: mungeKey,
    UNIT: readFileSync(path.join(projectRoot, UNIT), "base64"),
    ...besides?.values,
  };
  return [
    "#!/bin/sh",
    `# Makes a machine a node of Slurm cluster ${values.CLUSTER}. Written by npx hpc node-kit. It has its munge key: a secret.`,
    ...Object.entries(values).map(([key, value]) => `${key}=${quote(value)}`),
    readFileSync(path.join(projectRoot, JOIN), "utf8"),
    ...(besides ? [besides.text] : []),
    readFileSync(path.join(projectRoot, JOINED), "utf8"),
  ].join("\n");
}

/** Value of a key of slurm.conf; "" where it has none. */
export const optionOf = (config: string, key: string): string =>
  new RegExp(`^${key}=(\\S+)`, "m").exec(config)?.[1] ?? "";
