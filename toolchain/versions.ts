import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
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

/** Hash over files, by name and content; directories with all that is in them but Go's tests. */
export function contentHash(...roots: string[]): string {
  const hash = createHash("sha256");
  for (const root of roots) {
    const files = readdirSafe(root).sort();
    for (const file of files) hash.update(path.relative(root, file)).update(readFileSync(file));
  }
  return hash.digest("hex").slice(0, 12);
}

function readdirSafe(root: string): string[] {
  try {
    return readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((f) => f.isFile() && !f.name.endsWith("_test.go"))
      .map((f) => path.join(f.parentPath, f.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return [root];
    throw error;
  }
}
