import { readFileSync } from "node:fs";
import * as path from "node:path";
import * as yaml from "js-yaml";
import { projectRoot } from "../lib/project";

/** Exact versions of the tools. They are stated in package.json and Pulumi.yaml, and only there. */
export interface Versions {
  pulumi: string;
  command: string;
  random: string;
  /** The plugin that lets Pulumi use the libvirt provider. */
  bridge: string;
  /** Registry address of the libvirt provider. */
  libvirtSource: string;
  libvirt: string;
}

interface PackageJson {
  dependencies: Record<string, string>;
}
interface PulumiYaml {
  packages: { libvirt: { version: string; parameters: [source: string, version: string] } };
}

/** Reads the versions that the project states. */
export function readVersions(root = projectRoot): Versions {
  const { dependencies: npm } = JSON.parse(
    readFileSync(path.join(root, "package.json"), "utf8"),
  ) as PackageJson;
  const { libvirt } = (
    yaml.load(readFileSync(path.join(root, "Pulumi.yaml"), "utf8")) as PulumiYaml
  ).packages;
  return {
    pulumi: npm["@pulumi/pulumi"] ?? "",
    command: npm["@pulumi/command"] ?? "",
    random: npm["@pulumi/random"] ?? "",
    bridge: libvirt.version,
    libvirtSource: libvirt.parameters[0],
    libvirt: libvirt.parameters[1],
  };
}
