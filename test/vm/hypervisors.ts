import * as fs from "node:fs";
import { homedir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import { bootXml, INIT, INIT_SCRIPT } from "../../drivers/container/boot";
import { removeControlGroups } from "../../drivers/container/controlGroups";
import { sshOf } from "../../programs/fenceService";
import { hpcHome } from "../../lib/home";
import type { Needs } from "../../toolchain/host";
import { eventually } from "../support/site";

/** What the suite needs of the host, besides what containers and the image need. */
export const NEEDS: Needs = [["cloud-localds", "cloud-image-utils"]];

/** Bridge of this machine that joins the hypervisors, as a switch does. */
const SWITCH = "hpc-ha-vm";
/** Bridge on each of them, as an administrator makes it. */
export const BRIDGE = "br0";
/** The site's subnet: of the benchmarking range, beside those of the lab and its suite. */
export const CIDR = "198.18.3.0/24";
/** This machine's address, from which machines are configured. */
const ADMIN = "198.18.3.1/24";
/** All that starts libvirt, by itself or when it is asked. */
const LIBVIRT = "libvirtd.service libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket";

/**
 * A hypervisor: Debian with systemd, libvirt and QEMU, which is reached by ssh. That it is a container of this host
 * is known here only.
 */
export class Hypervisor {
  private constructor(
    readonly name: string,
    readonly address: string,
  ) {}

  static readonly all = [
    new Hypervisor("hv1", "198.18.3.2"),
    new Hypervisor("hv2", "198.18.3.3"),
  ] as const;
  /** One that is not there until a test makes it. */
  static readonly spare = new Hypervisor("hv3", "198.18.3.4");

  static named(name: string): Hypervisor {
    const found = Hypervisor.all.find((h) => h.name === name);
    if (!found) throw new Error(`no hypervisor ${name}`);
    return found;
  }

  /** Everything of it, the disks of its machines too. */
  private get directory(): string {
    return path.join(hpcHome(), "hypervisors", this.name);
  }
  private get root(): string {
    return path.join(this.directory, "root");
  }
  /** Of the container. */
  private get domain(): string {
    return `hpc-ha-hypervisor-${this.name}`;
  }

  get uri(): string {
    return `qemu+ssh://root@${this.address}/system?keyfile=${key()}`;
  }

  virsh = (...args: string[]) => execa("virsh", ["-q", "-c", this.uri, ...args]);

  /** Output of a command on it, as root. */
  async on(command: string): Promise<string> {
    const [file = "", ...args] = sshOf(this.uri);
    return (await execa(file, [...args, command])).stdout;
  }

  /** Names of the machines that run on it. */
  async running(): Promise<string[]> {
    const { stdout } = await this.virsh("list", "--name");
    return stdout.split("\n").filter((name) => name !== "");
  }

  /** Switches it on and prepares it as docs/production.md says, as far as that is not done. @param image its root */
  async start(image?: string): Promise<void> {
    if (!(await lxcNames("--all")).includes(this.domain)) {
      if (image === undefined) throw new Error(`hypervisor ${this.name} is not there`);
      await this.make(image);
    }
    if (!(await lxcNames()).includes(this.domain)) {
      await lxc("start", this.domain);
      await eventually(`ssh on ${this.name}`, 60, () => succeeds(this.on("true")));
    }
    await this.on(`systemctl start ${LIBVIRT}`);
    await eventually(`libvirt of ${this.name} answers`, 30, () => succeeds(this.virsh("uri")));
    if (!(await this.virsh("pool-list", "--name")).stdout.includes("default")) {
      await this.on(
        `virsh pool-define-as default dir --target /var/lib/libvirt/images && virsh pool-build default
         virsh pool-start default && virsh pool-autostart default`,
      );
    }
  }

  /** Ends libvirt; its machines run on, as they do when it is updated. */
  async stop(): Promise<void> {
    await this.on(`systemctl stop ${LIBVIRT}`);
  }

  /** Nothing of it is left, nor of its machines. */
  async remove(): Promise<void> {
    if ((await lxcNames("--all")).includes(this.domain)) {
      await lxc("destroy", this.domain).catch(() => undefined);
      await lxc("undefine", this.domain);
    }
    await removeControlGroups(this.domain);
    fs.rmSync(this.directory, { recursive: true, force: true });
    tellKnownHosts(this.address);
  }

  /** Its disk, and the definition of the container. */
  private async make(image: string): Promise<void> {
    await this.remove();
    fs.mkdirSync(this.directory, { recursive: true, mode: 0o755 });
    await execa("cp", ["-a", image, this.root]);
    const write = (file: string, text: string, mode = 0o644) => {
      fs.mkdirSync(path.dirname(path.join(this.root, file)), { recursive: true });
      fs.writeFileSync(path.join(this.root, file), text, { mode });
    };
    const own = "LinkLocalAddressing=no\nIPv6AcceptRA=no\n";
    const network = {
      "10-bridge.netdev": `[NetDev]\nName=${BRIDGE}\nKind=bridge\n`,
      "10-port.network": `[Match]\nName=eth0\n\n[Network]\nBridge=${BRIDGE}\n${own}`,
      "10-site.network": `[Match]\nName=${BRIDGE}\n\n[Network]\nAddress=${this.address}/24\n${own}`,
    };
    for (const [file, text] of Object.entries(network)) write(`etc/systemd/network/${file}`, text);
    write("etc/hostname", `${this.name}\n`);
    write(INIT, INIT_SCRIPT, 0o755);
    fs.mkdirSync(path.join(this.root, "root/.ssh"), { recursive: true, mode: 0o700 });
    write("root/.ssh/authorized_keys", fs.readFileSync(`${key()}.pub`, "utf8"), 0o600);
    const hostKey = path.join(this.root, "etc/ssh/ssh_host_ed25519_key");
    await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", this.name, "-f", hostKey]);
    const [type, publicKey] = fs.readFileSync(`${hostKey}.pub`, "utf8").split(" ");
    tellKnownHosts(this.address, `${type} ${publicKey}`);
    const xml = path.join(this.directory, "domain.xml");
    fs.writeFileSync(xml, this.domainXml());
    await lxc("define", xml);
  }

  private domainXml(): string {
    // Ports of the bridge, and KVM where there is one.
    const devices = ["/dev/net/tun", "/dev/kvm"]
      .filter((device) => fs.existsSync(device))
      .map((device) => {
        const source = `<source><char>${device}</char></source>`;
        return `<hostdev mode='capabilities' type='misc'>${source}</hostdev>`;
      });
    return `<domain type='lxc'>
  <name>${this.domain}</name>
  <memory unit='GiB'>10</memory>
  <vcpu>2</vcpu>
  ${bootXml(this.domain)}
  <devices>
    <filesystem type='mount'><source dir='${this.root}'/><target dir='/'/></filesystem>
    <interface type='bridge'><source bridge='${SWITCH}'/><guest dev='eth0'/></interface>
    ${devices.join("\n    ")}
    <console type='pty'/>
  </devices>
</domain>
`;
  }
}

const key = () => path.join(hpcHome(), "ssh", "id_ed25519");

const succeeds = (action: Promise<unknown>): Promise<boolean> =>
  action.then(
    () => true,
    () => false,
  );

const lxc = (...args: string[]) => execa("virsh", ["-q", "-c", "lxc:///system", ...args]);

const lxcNames = async (...args: string[]): Promise<string[]> =>
  (await lxc("list", "--name", ...args)).stdout.split("\n");

/** The host key of an address, or none; libvirt's provider looks nowhere else. Other lines stay as they are. */
function tellKnownHosts(address: string, hostKey?: string): void {
  const file = path.join(homedir(), ".ssh", "known_hosts");
  const lines = fs.existsSync(file) ? fs.readFileSync(file, "utf8").trimEnd().split("\n") : [];
  const kept = lines.filter((line) => line !== "" && !line.startsWith(`${address} `));
  if (hostKey !== undefined) kept.push(`${address} ${hostKey}`);
  if (kept.length === 0) {
    fs.rmSync(file, { force: true });
    return;
  }
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  fs.writeFileSync(file, `${kept.join("\n")}\n`);
}

/** What joins them, and both of them. */
export async function startHypervisors(image: string): Promise<void> {
  if (!fs.existsSync(`/sys/class/net/${SWITCH}`)) {
    // Without spanning tree: a new machine's port would be closed for its first seconds.
    await execa("ip", ["link", "add", SWITCH, "type", "bridge", "stp_state", "0"]);
    await execa("ip", ["address", "add", ADMIN, "dev", SWITCH]);
    await execa("ip", ["link", "set", SWITCH, "up"]);
  }
  for (const hypervisor of Hypervisor.all) await hypervisor.start(image);
}

/** Removes them with all that was on them. */
export async function removeHypervisors(): Promise<void> {
  for (const hypervisor of [...Hypervisor.all, Hypervisor.spare]) await hypervisor.remove();
  const root = path.join(hpcHome(), "hypervisors");
  if (fs.existsSync(root)) fs.rmdirSync(root);
  if (fs.existsSync(`/sys/class/net/${SWITCH}`)) await execa("ip", ["link", "delete", SWITCH]);
}
