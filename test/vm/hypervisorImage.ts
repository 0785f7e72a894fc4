import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { build, isFresh } from "../../image/build";
import { hpcHome } from "../../lib/home";
import { type Progress, step } from "../../lib/progress";

/** What docs/production.md wants on a hypervisor, and what any Debian server has. */
const PACKAGES = [
  ...["systemd", "systemd-sysv", "dbus", "udev", "openssh-server", "iproute2", "netcat-openbsd"],
  ...["libvirt-daemon-system", "libvirt-clients", "qemu-system-x86", "qemu-utils"],
];
const UNITS = ["libvirtd.service", "libvirtd.socket", "libvirtd-ro.socket", "virtlogd.socket"];
/**
 * fence_virtd is for the program to install. The hypervisors of the suite have no mirror; what apt-get would fetch
 * from one is there already.
 */
const FETCHED = [
  '--customize-hook=chroot "$1" apt-get install --download-only -y -q --no-install-recommends fence-virtd',
  "--skip=cleanup/apt",
];

/** Directory of a hypervisor's root file system; built unless there is one that is made of the same and not too old. */
export async function ensureHypervisorImage(progress: Progress): Promise<string> {
  const recipe = createHash("sha256").update(fs.readFileSync(__filename)).digest("hex");
  const image = path.join(hpcHome(), "images", `hypervisor-${recipe.slice(0, 12)}`);
  if (!isFresh(image)) {
    await step("Packages of a hypervisor, about a minute", progress, async () => {
      const mirror = process.env["HPC_HA_DEBIAN_MIRROR"];
      await build(image, PACKAGES, mirror, { units: UNITS, mmdebstrap: FETCHED });
    });
  }
  return image;
}
