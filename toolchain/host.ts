import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { hpcHome } from "../lib/home";
import { isProcess } from "../lib/processes";
import { type Progress, step } from "../lib/progress";

/** What is needed of the host: a command, and Debian's package that has it. */
export type Needs = [command: string, debianPackage: string][];
/** What root file systems of Debian are made with. Ubuntu's mmdebstrap brings the keys of Ubuntu's packages only. */
export const MMDEBSTRAP: Needs = [
  ["mmdebstrap", "mmdebstrap"],
  ["keys of Debian's packages", "debian-archive-keyring"],
];
export const LAB_NEEDS: Needs = [
  ["virsh", "libvirt-clients"],
  ["libvirtd", "libvirt-daemon-system"],
  ["libvirtd with LXC", "libvirt-daemon-driver-lxc"],
  ["libvirtd with QEMU (it has the networks)", "libvirt-daemon-driver-qemu"],
  ["dnsmasq", "dnsmasq-base"],
  ...MMDEBSTRAP,
  ["xsltproc", "xsltproc"],
  ["ssh-keygen", "openssh-client"],
  ["ip", "iproute2"],
  ["fence_virtd", "fence-virtd"],
];
const CONNECTION = "lxc:///system";
/** libvirtd answers within this time after its start, ms. */
const DAEMON_DEADLINE = 20_000;

/** What was started and changed on the host, so that `lab:down` undoes that and no more. */
interface HostRecord {
  /** Process ids by name. */
  daemons?: Record<string, number>;
  /** The kernel's limit before it was raised. */
  inotifyInstances?: number;
}
const recordFile = () => path.join(hpcHome(), "host.json");
const readRecord = (): HostRecord =>
  fs.existsSync(recordFile())
    ? (JSON.parse(fs.readFileSync(recordFile(), "utf8")) as HostRecord)
    : {};
const addRecord = (more: HostRecord) =>
  fs.writeFileSync(recordFile(), JSON.stringify({ ...readRecord(), ...more }));

/** Limit of inotify instances of root, which all containers count against. */
const INOTIFY = "/proc/sys/fs/inotify/max_user_instances";
/** systemd and its daemons hold about six in each container; enough for 80 containers and the host. */
const INOTIFY_WANTED = 512;

/**
 * Makes sure that libvirt with containers works on this host: packages, daemons.
 * @throws with the command that installs what is missing, where this cannot do it
 */
export async function ensureHost(progress: Progress): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new Error("The lab makes containers and mounts: run it as root (`sudo -E npm run lab`)");
  }
  await ensurePackages(LAB_NEEDS, progress);
  if (!(await answers())) await step("Starting libvirt", progress, startLibvirt);
  raiseInotify();
}

/** With the kernel's default of 128 a container fails to boot from about the 23rd on. */
function raiseInotify(): void {
  const present = Number(fs.readFileSync(INOTIFY, "utf8"));
  if (present >= INOTIFY_WANTED) return;
  fs.writeFileSync(INOTIFY, String(INOTIFY_WANTED));
  addRecord({ inotifyInstances: present });
}

/**
 * Installs what is missing of the host's packages.
 * @throws with the command that installs it, where this cannot do it
 */
export async function ensurePackages(needs: Needs, progress: Progress): Promise<void> {
  const os = fs.existsSync("/etc/os-release") ? fs.readFileSync("/etc/os-release", "utf8") : "";
  if (!/^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(os)) {
    const absent = needs.filter(([command]) => !command.includes(" ") && !isCommand(command));
    if (absent.length === 0) return;
    throw new Error(
      "This is not Debian or Ubuntu, so host packages are not installed by themselves. Install: " +
        needs.map(([command]) => command).join(", "),
    );
  }
  const status = await execa(
    "dpkg-query",
    ["-W", "-f=${Package} ${db:Status-Status}\\n", ...needs.map(([, name]) => name)],
    { reject: false },
  );
  const installed = new Set(status.stdout.split("\n"));
  const missing = needs.map(([, name]) => name).filter((n) => !installed.has(`${n} installed`));
  if (missing.length === 0) return;
  const list = missing.join(" ");
  await step(`Host packages: ${list}`, progress, async () => {
    const env = { DEBIAN_FRONTEND: "noninteractive" };
    const install = () =>
      execa("apt-get", ["install", "-y", "-q", "--no-install-recommends", ...missing], {
        env,
        reject: false,
        all: true,
      });
    // Package lists may be missing or outdated; most times they are not.
    let result = await install();
    if (result.failed) {
      await execa("apt-get", ["update", "-q"], { env });
      result = await install();
    }
    if (result.failed) {
      const tail = (result.all ?? "").split("\n").slice(-6).join("\n");
      throw new Error(`\`apt-get install ${list}\` failed:\n${tail}`);
    }
  });
}

const isCommand = (name: string) =>
  [...(process.env["PATH"] ?? "").split(path.delimiter), "/usr/sbin", "/sbin"].some((dir) =>
    fs.existsSync(path.join(dir, name)),
  );

const answers = async () =>
  !(await execa("virsh", ["-c", CONNECTION, "list"], { reject: false })).failed;

async function startLibvirt(): Promise<void> {
  if (fs.existsSync("/run/systemd/system")) {
    await execa("systemctl", ["start", "virtlogd.socket", "libvirtd.socket", "libvirtd.service"]);
  } else {
    await startWithoutInit();
  }
  const end = Date.now() + DAEMON_DEADLINE;
  while (!(await answers())) {
    if (Date.now() > end) {
      throw new Error(
        `libvirtd does not answer on ${CONNECTION}; its log: /var/log/libvirt, or journalctl -u libvirtd`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** On a machine without an init system (a container) the daemons are this project's own. */
async function startWithoutInit(): Promise<void> {
  forgetDeadContainers();
  // Overlay mounts that are made later must reach libvirtd's own mount namespace …
  await execa("mount", ["--make-rshared", "/"]);
  const daemons: Record<string, number> = {};
  if (!(await isRunning("virtlogd"))) {
    await execa("virtlogd", ["--daemon", "--pid-file", "/run/virtlogd.pid"]);
    daemons["virtlogd"] = Number(fs.readFileSync("/run/virtlogd.pid", "utf8"));
  }
  // … in which the unified hierarchy must not be seen: libvirt 9 cannot use it beside version 1. The
  // host's own mounts stay as they are.
  await execa("unshare", [
    "--mount",
    "--propagation",
    "slave",
    "sh",
    "-c",
    "umount /sys/fs/cgroup/unified 2>/dev/null; exec libvirtd --daemon --pid-file /run/libvirtd.pid",
  ]);
  daemons["libvirtd"] = Number(fs.readFileSync("/run/libvirtd.pid", "utf8"));
  addRecord({ daemons });
}

/** After a reboot that kept /run, libvirt would believe in containers whose processes are gone. */
function forgetDeadContainers(): void {
  const dir = "/run/libvirt/lxc";
  if (!fs.existsSync(dir)) return;
  for (const file of fs.readdirSync(dir).filter((name) => name.endsWith(".pid"))) {
    const pid = Number(fs.readFileSync(path.join(dir, file), "utf8"));
    if (isProcess(pid, "libvirt_lxc")) continue;
    for (const end of ["pid", "xml"]) {
      fs.rmSync(path.join(dir, file.replace(/pid$/, end)), { force: true });
    }
  }
}

const isRunning = async (name: string) =>
  !(await execa("pgrep", ["-x", name], { reject: false })).failed;

/** Undoes what `ensureHost` did besides installing packages, unless somebody's machines run. */
export async function releaseHost(progress: Progress): Promise<void> {
  for (const uri of [CONNECTION, "qemu:///system"]) {
    const running = await execa("virsh", ["-q", "-c", uri, "list", "--name"], { reject: false });
    if (running.stdout.trim() !== "") return;
  }
  const { daemons, inotifyInstances } = readRecord();
  if (inotifyInstances !== undefined) fs.writeFileSync(INOTIFY, String(inotifyInstances));
  if (daemons !== undefined) await step("Stopping libvirt", progress, () => stopDaemons(daemons));
  fs.rmSync(recordFile(), { force: true });
}

async function stopDaemons(daemons: Record<string, number>): Promise<void> {
  for (const [name, pid] of Object.entries(daemons)) {
    if (isProcess(pid, name)) process.kill(pid, "SIGTERM");
    const end = Date.now() + DAEMON_DEADLINE;
    while (isProcess(pid, name)) {
      if (Date.now() > end) throw new Error(`${name} (pid ${pid}) does not end`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
