import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { ConfigError } from "../../plan/config";
import type { LayerRequest } from "../../programs/layer";
import type { Release } from "../../releases/release";
import { resolveReleases } from "../../releases/resolve";
import type { ServiceConfig } from "./services";
import { refusal } from "../refusal";

/** A service, and what exactly it runs. */
export type ReleasedService = ServiceConfig & { release: Release };

/**
 * Asks repositories and reads directories once, before anything is registered.
 * @param fixed commit of each service, by name, where its branch or tag is not to be followed now
 * @throws pulumi.RunError (shown without a stack trace) that lists every version that is not there
 */
export function released(
  services: ServiceConfig[],
  fixed: Record<string, string> = {},
): ReleasedService[] {
  const { releases, faults } = resolveReleases(
    services.map(({ name, source, build }) => ({
      source:
        "git" in source && fixed[name] !== undefined ? { ...source, version: fixed[name] } : source,
      build,
    })),
  );
  if (faults.length > 0) throw refusal(new ConfigError(faults).message);
  return services.flatMap((service, i) => {
    const release = releases[i];
    return release === undefined ? [] : [{ ...service, release }];
  });
}

/** What the services run, each once: several may run the same. */
export const releasesOf = (services: Pick<ReleasedService, "release">[]): Release[] => [
  ...new Map(services.map(({ release }) => [release.id, release])).values(),
];

/**
 * The archives of what the services run, made on this machine before a node is touched; a preview shows which are new.
 * A build that fails ends the run here, with its last lines.
 */
export class Releases extends pulumi.ComponentResource {
  /** Depend on them to come after. */
  readonly made: pulumi.Output<string>[];
  /** Directory of this machine with all of them as nodes have them, if it was asked for: a new node need not be sent any. */
  readonly layer?: pulumi.Output<string>;

  constructor(
    name: string,
    args: { releases: Release[]; layer: boolean },
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("hpc-ha:web:Releases", name, {}, opts);
    const { releases } = args;
    const told = { logging: local.Logging.Stderr, addPreviousOutputInEnv: false };
    const commands = releases.map(
      (release) =>
        new local.Command(
          `${name}-${release.id}`,
          {
            create: "node --import tsx programs/release.ts",
            stdin: JSON.stringify(release),
            ...told,
          },
          { parent: this },
        ),
    );
    // Unlike what it prints, known in a preview: what the nodes are told shows there.
    this.made = commands.map(({ urn }) => urn);
    if (args.layer) {
      const make = "node --import tsx programs/layer.ts";
      this.layer = new local.Command(
        `${name}-layer`,
        {
          create: make,
          update: make,
          stdin: JSON.stringify({ releases } satisfies LayerRequest),
          ...told,
        },
        { parent: this, dependsOn: commands },
      ).stdout;
    }
    this.registerOutputs({});
  }
}
