import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { hpcHome } from "../../components/home";
import type { Needs } from "../../toolchain/host";
import { commandLine, isProcess, processes } from "../../toolchain/processes";
import { eventually } from "../support/site";

/** What the suite needs of the host, besides what builds the image. */
export const NEEDS: Needs = [
  ["virsh", "libvirt-clients"],
  ["libvirtd", "libvirt-daemon-system"],
  ["libvirtd with QEMU", "libvirt-daemon-driver-qemu"],
  ["qemu-system-x86_64", "qemu-system-x86"],
  ["xsltproc", "xsltproc"],
  ["genisoimage", "genisoimage"],
  ["fence_virtd", "fence-virtd"],
  ["ssh-keygen", "openssh-client"],
  ["ip", "iproute2"],
];

/** Bridge that joins the hypervisors, as an administrator would have made it. */
export const BRIDGE = "hpc-ha-vm";
/** The site's subnet: of the benchmarking range, beside those of the lab and its suite. */
export const CIDR = "198.18.3.0/24";
/** This machine's address on the bridge, from which machines are configured. */
const ADMIN = "198.18.3.1/24";

/** One libvirt daemon with directories and a mount namespace of its own: a hypervisor, to all that asks it. */
export class Hypervisor {
  private constructor(
    readonly name: string,
    /** Where controllers reach its fence_virtd. */
    readonly address: string,
  ) {}

  static readonly all = [
    new Hypervisor("hv1", "198.18.3.2"),
    new Hypervisor("hv2", "198.18.3.3"),
  ] as const;

  static named(name: string): Hypervisor {
    const found = Hypervisor.all.find((h) => h.name === name);
    if (!found) throw new Error(`no hypervisor ${name}`);
    return found;
  }

  /** Everything of it, the disks of its machines too. */
  private get directory(): string {
    return path.join(hpcHome(), "hypervisors", this.name);
  }

  private get pidFile(): string {
    return path.join(this.directory, "libvirtd.pid");
  }

  get uri(): string {
    return `qemu+unix:///system?socket=${this.directory}/sock/libvirt-sock`;
  }

  virsh = (...args: string[]) => execa("virsh", ["-q", "-c", this.uri, ...args]);

  /** Names of the machines that run on it. */
  async running(): Promise<string[]> {
    const { stdout } = await this.virsh("list", "--name");
    return stdout.split("\n").filter((name) => name !== "");
  }

  /** Starts it unless it runs, with a storage pool; machines that ran go on. */
  async start(): Promise<void> {
    if (isProcess(this.pid(), "libvirtd")) return;
    const dir = this.directory;
    for (const sub of ["etc", "run", "var", "cache", "log", "sock", "pool"]) {
      fs.mkdirSync(path.join(dir, sub), { recursive: true, mode: 0o755 });
    }
    fs.writeFileSync(
      path.join(dir, "etc", "libvirtd.conf"),
      `unix_sock_dir = "${dir}/sock"\nauth_unix_rw = "none"\nauth_unix_ro = "none"\n`,
    );
    // No users, profiles, control groups or devices of the host are touched: the daemon is a guest here itself.
    fs.writeFileSync(
      path.join(dir, "etc", "qemu.conf"),
      'user = "root"\ngroup = "root"\nsecurity_driver = "none"\nstdio_handler = "file"\ncgroup_controllers = []\nnamespaces = []\n',
    );
    // What libvirt keeps at fixed places is this daemon's own in its mount namespace.
    const script = `set -e
mkdir -p /run/libvirt /var/lib/libvirt /var/cache/libvirt /var/log/libvirt /etc/libvirt
mount --bind "$0/run" /run/libvirt
mount --bind "$0/var" /var/lib/libvirt
mount --bind "$0/cache" /var/cache/libvirt
mount --bind "$0/log" /var/log/libvirt
mount --bind "$0/etc" /etc/libvirt
exec libvirtd --daemon --config "$0/etc/libvirtd.conf" --pid-file "$0/libvirtd.pid"`;
    await execa("unshare", ["--mount", "--propagation", "private", "sh", "-c", script, dir]);
    await eventually(`libvirtd of ${this.name} answers`, 30, async () =>
      this.virsh("uri").then(
        () => true,
        () => false,
      ),
    );
    const pools = (await this.virsh("pool-list", "--all", "--name")).stdout.split("\n");
    if (!pools.map((p) => p.trim()).includes("default")) {
      await this.virsh("pool-define-as", "default", "dir", "--target", path.join(dir, "pool"));
      await this.virsh("pool-autostart", "default");
    }
    await this.virsh("pool-start", "default").catch(() => undefined);
  }

  /** Ends the daemon; its machines run on, as they do when libvirtd is updated. */
  async stop(): Promise<void> {
    const pid = this.pid();
    if (!isProcess(pid, "libvirtd")) return;
    process.kill(pid, "SIGTERM");
    await eventually(`the end of libvirtd of ${this.name} (pid ${pid})`, 30, () =>
      Promise.resolve(!isProcess(pid, "libvirtd")),
    );
  }

  /** Ends the daemon and all machines, also those of a daemon that was killed; nothing of it is left. */
  async remove(): Promise<void> {
    await this.stop();
    for (const pid of this.machines()) process.kill(pid, "SIGKILL");
    await eventually(`the end of the machines of ${this.name}`, 30, () =>
      Promise.resolve(this.machines().length === 0),
    );
    fs.rmSync(this.directory, { recursive: true, force: true });
  }

  /** Process ids of its machines: QEMU's that work in its directory. */
  private machines(): number[] {
    return processes().filter(
      (pid) =>
        isProcess(pid, "qemu-system-x86") && commandLine(pid).includes(`${this.directory}/pool/`),
    );
  }

  private pid(): number {
    return fs.existsSync(this.pidFile) ? Number(fs.readFileSync(this.pidFile, "utf8")) : 0;
  }
}

/** The bridge and both hypervisors, each with an address on it. */
export async function startHypervisors(): Promise<void> {
  if (!fs.existsSync(`/sys/class/net/${BRIDGE}`)) {
    // Without spanning tree: a new machine's port would be closed for its first seconds.
    await execa("ip", ["link", "add", BRIDGE, "type", "bridge", "stp_state", "0"]);
    await execa("ip", ["address", "add", ADMIN, "dev", BRIDGE]);
    for (const { address } of Hypervisor.all) {
      await execa("ip", ["address", "add", `${address}/24`, "dev", BRIDGE]);
    }
    await execa("ip", ["link", "set", BRIDGE, "up"]);
  }
  for (const hypervisor of Hypervisor.all) await hypervisor.start();
}

/** Removes them with all that was on them. */
export async function removeHypervisors(): Promise<void> {
  for (const hypervisor of Hypervisor.all) await hypervisor.remove();
  const root = path.join(hpcHome(), "hypervisors");
  if (fs.existsSync(root)) fs.rmdirSync(root);
  if (fs.existsSync(`/sys/class/net/${BRIDGE}`)) await execa("ip", ["link", "delete", BRIDGE]);
}
