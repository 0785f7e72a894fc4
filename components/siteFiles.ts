import * as path from "node:path";
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Machine } from "../drivers/machine";
import { type Place, removeIfEmpty } from "../drivers/place";
import { renderKnownHosts } from "../lib/ssh";
import { renderInventory } from "./ansible";

export interface SiteFilesArgs {
  place: Place;
  /** All machines of the site. */
  machines: Machine[];
  /** What clients verify the web VIP with (PEM). */
  caCertificate: pulumi.Input<string>;
}

/** Files for people and their own tools, outside the clone: inventory, ssh host keys, CA certificate. None is secret. */
export class SiteFiles extends pulumi.ComponentResource {
  readonly inventory: pulumi.Output<string>;
  readonly knownHosts: pulumi.Output<string>;
  readonly ca: pulumi.Output<string>;

  constructor(name: string, args: SiteFilesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("hpc-ha:site:SiteFiles", name, {}, opts);
    const directory = path.join(args.place.home, "sites", args.place.prefix);
    const hosts = pulumi.all(
      args.machines.map(({ spec, address, hostKey }) =>
        pulumi.all([address, hostKey]).apply(([address, hostKey]) => ({ spec, address, hostKey })),
      ),
    );
    const write = (file: string, content: pulumi.Input<string>): pulumi.Output<string> => {
      const target = path.join(directory, file);
      const script = `mkdir -p "${directory}" && cat > "${target}"`;
      const command = new local.Command(
        `${name}-${file}`,
        {
          create: script,
          update: script,
          delete: `rm -f "${target}" && ${removeIfEmpty(directory)}`,
          stdin: content,
          addPreviousOutputInEnv: false,
        },
        { parent: this },
      );
      return command.id.apply(() => target);
    };
    this.inventory = write(
      "inventory.yml",
      hosts.apply((known) =>
        renderInventory(
          [...new Set(known.map((h) => h.spec.tier))].map((tier) => ({
            group: tier,
            hosts: known
              .filter((h) => h.spec.tier === tier)
              .map(({ spec, address, hostKey }) => ({ name: spec.name, address, hostKey })),
          })),
        ),
      ),
    );
    this.knownHosts = write(
      "known_hosts",
      hosts.apply((known) =>
        renderKnownHosts(
          known.map((h) => ({ name: h.spec.name, address: h.address, hostKey: h.hostKey })),
        ),
      ),
    );
    this.ca = write("ca.pem", args.caCertificate);
    this.registerOutputs({ inventory: this.inventory, knownHosts: this.knownHosts, ca: this.ca });
  }
}
