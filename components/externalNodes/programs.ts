import { readFileSync } from "node:fs";
import * as path from "node:path";
import { projectRoot } from "../../lib/project";
import type { SiteOutputs } from "../../plan/outputs";
import {
  type ClusterFacts,
  foreignNodes,
  JOIN_SOURCES,
  nodeKit,
  optionOf,
} from "../controllers/nodeKit";
import { quote } from "../look";
import type { ReachedHost } from "../slurm/nodeSsh";

const FIREWALL = "components/externalNodes/firewall.sh";
const FORGET = "components/externalNodes/forget.sh";
const LEAVE = "components/externalNodes/leave.sh";

/** What makes up the programs: a change of it is one of the machines. */
export const SOURCES = [...JOIN_SOURCES, FORGET, FIREWALL, LEAVE];

const text = (file: string) => readFileSync(path.join(projectRoot, file), "utf8");

/** What of the cluster's machines its owner's are told. */
export interface Told {
  site: Pick<SiteOutputs, "addresses" | "vips">;
  /** The owner's scripts around each job, by their key in slurm.conf; base64. */
  scripts: Record<string, string>;
  /** What slurmd reads at its start only, as lines. */
  read: string[];
}

/** The program that makes a machine a node: that of the kit, and what only who comes by ssh may do. */
export function joinProgram(
  facts: ClusterFacts,
  { site, scripts, read }: Told,
): (host: Pick<ReachedHost, "name" | "at" | "installPackages">) => string {
  const { addresses } = site;
  const of = (tier: string) => Object.values(addresses[tier] ?? {});
  const made = Object.keys(addresses["compute"] ?? {});
  const values = {
    BROUGHT: Object.entries(scripts)
      .map(([key, script]) => `${key.toLowerCase()} ${script}`)
      .join("\n"),
    READ: read.join("\n"),
    SLURMD_PORT: optionOf(facts.config, "SlurmdPort"),
    FROM_SLURMD: [...of("controllers"), ...of("login")].join(" "),
    FROM_JOBS: [
      ...of("compute"),
      ...foreignNodes(facts.config, made).map(({ address }) => address),
    ].join(" "),
  };
  const firewall = `${text(FORGET)}${text(FIREWALL)}`;
  return ({ name, at, installPackages }) => {
    const own = { MEANT: name, REACHED: at, INSTALL: installPackages ? "yes" : "" };
    return nodeKit(facts, site, { values: { ...values, ...own }, text: firewall });
  };
}

/** The program that has a machine leave. */
export const leaveProgram = (cluster: string, identity: string): string =>
  [`CLUSTER=${quote(cluster)}`, `IDENTITY=${quote(identity)}`, text(FORGET), text(LEAVE)].join(
    "\n",
  );
