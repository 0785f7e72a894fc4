import * as path from "node:path";
import { local } from "@pulumi/command";
import * as libvirt from "@pulumi/libvirt";
import * as pulumi from "@pulumi/pulumi";
import { warnUnlessAnswers } from "./hypervisorAnswer";
import type { VmConfig } from "./settings";

export interface HypervisorsArgs {
  /** Libvirt URIs by name. */
  uris: Record<string, string>;
  vm: VmConfig;
  /** Directory of this machine for downloaded images. */
  home: string;
}

/** One hypervisor that machines can be made on. */
export interface Hypervisor {
  provider: libvirt.Provider;
  /** Volume that root disks are overlays of. */
  base: libvirt.Volume;
}

/**
 * What the machines of a site need on each hypervisor: a connection, and the image. Storage pools and bridges are
 * the administrator's: a pool made here would take its directory along when it goes.
 */
export class Hypervisors extends pulumi.ComponentResource {
  private readonly hosts = new Map<string, Hypervisor>();

  constructor(name: string, args: HypervisorsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("hpc-ha:machine:Hypervisors", name, {}, opts);
    const { uris, vm, home } = args;
    const file = this.imageFile(name, vm.image, home, Object.keys(uris));
    for (const [host, uri] of Object.entries(uris)) {
      const provider = new libvirt.Provider(
        `${name}-${host}`,
        { uri: this.checked(`${name}-${host}`, host, uri, vm) },
        { parent: this },
      );
      const base = new libvirt.Volume(
        // Other content has another name. The rest of the volume's name is random: creating adopts, and
        // overwrites, a volume that is there.
        `${host}-base-${vm.image.sha512.slice(0, 12)}`,
        { pool: vm.pool, source: file, format: "qcow2" },
        {
          parent: this,
          provider,
          // Disks of running machines are overlays of older ones.
          retainOnDelete: true,
          // The path is this machine's; another person's home must not mean another volume.
          ignoreChanges: ["source"],
        },
      );
      this.hosts.set(host, { provider, base });
    }
    this.registerOutputs();
  }

  /** @throws when there is no hypervisor of this name */
  host(name: string): Hypervisor {
    const found = this.hosts.get(name);
    if (!found) throw new Error(`no hypervisor "${name}": ${[...this.hosts.keys()].join(", ")}`);
    return found;
  }

  /** The only hypervisor's provider, for what exists once per site. */
  get first(): libvirt.Provider {
    const [host] = this.hosts.values();
    if (!host) throw new Error("no hypervisor");
    return host.provider;
  }

  /**
   * A hypervisor's URI, known once it has answered and has what the machines need. So nothing is begun on a
   * hypervisor that is not prepared, and the preview of a new site needs no hypervisor at all.
   */
  private checked(name: string, host: string, uri: string, vm: VmConfig): pulumi.Output<string> {
    const check = new local.Command(
      `${name}-check`,
      {
        create: CHECK,
        update: CHECK,
        environment: {
          HYPERVISOR: host,
          URI: uri,
          POOLS: [...new Set([vm.pool, vm.dataPool ?? vm.pool])].join(" "),
          NETWORK: vm.network.libvirtNetwork ?? "",
        },
        addPreviousOutputInEnv: false,
      },
      { parent: this },
    );
    // At every preview and `up`, when the check itself is long done.
    return check.stdout.apply(async (checked) => {
      await warnUnlessAnswers(host, checked);
      return checked;
    });
  }

  /** The image as a file of this machine, known once its checksum is the one in the config. */
  private imageFile(
    name: string,
    image: VmConfig["image"],
    home: string,
    hosts: string[],
  ): pulumi.Output<string> {
    const { sha512 } = image;
    const file =
      "file" in image ? image.file : path.join(home, "images", `${sha512.slice(0, 12)}.qcow2`);
    const script = "url" in image ? DOWNLOAD : VERIFY;
    const command = new local.Command(
      `${name}-image`,
      {
        create: script,
        update: script,
        environment: {
          FILE: file,
          URL: "url" in image ? image.url : "",
          SHA512: sha512,
          // A hypervisor that is added needs the file again, maybe on another machine than the first time.
          HYPERVISORS: hosts.join(" "),
        },
        addPreviousOutputInEnv: false,
      },
      { parent: this },
    );
    return command.id.apply(() => file);
  }
}

const CHECK = `set -eu
fail() { echo "Hypervisor $HYPERVISOR ($URI): $1" >&2; exit 1; }
virsh -q -c "$URI" uri >/dev/null || fail 'libvirt does not answer'
for pool in $POOLS; do
  virsh -q -c "$URI" pool-info "$pool" | grep -q 'State: *running' || fail "no running storage pool $pool"
done
[ -z "$NETWORK" ] || virsh -q -c "$URI" net-info "$NETWORK" | grep -q 'Active: *yes' || fail "no running network $NETWORK"
printf %s "$URI"`;

const VERIFY = `echo "$SHA512  $FILE" | sha512sum --check --quiet || {
  echo "The image $FILE is not the one of vm.image.sha512" >&2; exit 1
}`;

const DOWNLOAD = `set -eu
mkdir -p "$(dirname "$FILE")"
if ! echo "$SHA512  $FILE" | sha512sum --check --status 2>/dev/null; then
  trap 'rm -f "$FILE.partial"' EXIT
  curl --fail --location --silent --show-error --retry 3 --output "$FILE.partial" "$URL"
  echo "$SHA512  $FILE.partial" | sha512sum --check --quiet || {
    echo "What $URL has is not the image of vm.image.sha512" >&2; exit 1
  }
  mv "$FILE.partial" "$FILE"
fi`;
