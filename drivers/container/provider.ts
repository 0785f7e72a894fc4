import * as child from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import type * as pulumi from "@pulumi/pulumi";
import type { ContainerInputs, ContainerState } from "./container";

// This file is serialised into the stack's state by Pulumi, so it uses Node's own modules only and
// reaches everything through these functions.

const URI = "lxc:///system";
/** A machine must answer on ssh within this time (requirements: 60 s), ms. */
const SSH_DEADLINE = 60_000;
/** A machine that has not stopped by itself after this time is switched off, ms. */
const STOP_DEADLINE = 20_000;

function run(command: string, args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    child.execFile(command, args, { maxBuffer: 1 << 24 }, (error, stdout, stderr) => {
      if (error)
        reject(new Error(`${command} ${args.join(" ")}: ${stderr.trim() || error.message}`));
      else resolve(stdout.trim());
    });
  });
}

const virsh = (...args: string[]) => run("virsh", ["-q", "-c", URI, ...args]);

/** "absent", or libvirt's word: "running", "shut off", "paused", … */
async function domainState(domain: string): Promise<string> {
  const all = await virsh("list", "--all", "--name");
  return all.split("\n").includes(domain) ? virsh("domstate", domain) : "absent";
}

export async function until(what: string, deadline: number, ready: () => Promise<boolean>) {
  const end = Date.now() + deadline;
  while (!(await ready())) {
    if (Date.now() > end) throw new Error(`${what} did not happen within ${deadline / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Whether an ssh server greets at the address. */
function sshAnswers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host: address, port: 22, timeout: 1000 });
    const done = (ok: boolean) => {
      socket.destroy();
      resolve(ok);
    };
    socket.once("data", (data) => done(data.toString().startsWith("SSH-")));
    socket.once("error", () => done(false));
    socket.once("timeout", () => done(false));
    socket.once("close", () => done(false));
  });
}

/** The last part of a site leaves nothing behind; with others there, or when another was faster, nothing is done. */
export function removeParentIfEmpty(directory: string): void {
  try {
    fs.rmdirSync(directory.replace(/\/[^/]*$/, ""));
  } catch (error) {
    if (!/ENOTEMPTY|ENOENT/.test(String(error))) throw error;
  }
}

const isMounted = (dir: string) =>
  fs
    .readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .some((line) => line.split(" ")[1] === dir);

async function mountRoot(c: ContainerInputs): Promise<void> {
  const dir = c.directory;
  for (const part of ["upper", "work", "root"]) {
    fs.mkdirSync(`${dir}/${part}`, { recursive: true, mode: 0o755 });
  }
  // A machine stays on the image that its upper layer was made over.
  const record = `${dir}/image`;
  if (!fs.existsSync(record)) fs.writeFileSync(record, c.image);
  const image = fs.readFileSync(record, "utf8");
  if (!isMounted(`${dir}/root`)) {
    const layers = `lowerdir=${image},upperdir=${dir}/upper,workdir=${dir}/work`;
    await run("mount", ["-t", "overlay", "overlay", "-o", layers, `${dir}/root`]);
  }
}

/** Writes what makes this machine itself; returns the public host key. */
async function personalise(c: ContainerInputs): Promise<string> {
  const root = `${c.directory}/root`;
  const write = (file: string, text: string, mode = 0o644) => {
    fs.mkdirSync(`${root}${file}`.replace(/\/[^/]*$/, ""), { recursive: true });
    fs.writeFileSync(`${root}${file}`, text, { mode });
    fs.chmodSync(`${root}${file}`, mode);
  };
  write(
    "/etc/systemd/network/10-site.network",
    `[Match]\nName=${c.interface}\n\n[Network]\nAddress=${c.address}/${c.prefixLength}\nGateway=${c.gateway}\n` +
      // Addresses are planned; waiting for others would hold back every service after the boot.
      "LinkLocalAddressing=no\nIPv6AcceptRA=no\n",
  );
  write("/etc/hostname", `${c.hostname}\n`);
  // Nobody reads the console. When it is full of news of a service that takes long to start, systemd stands still.
  write("/etc/systemd/system.conf.d/console.conf", "[Manager]\nShowStatus=no\n");
  write(INIT, INIT_SCRIPT, 0o755);
  if (!fs.existsSync(`${c.directory}/personal`)) {
    write("/etc/hosts", `127.0.0.1 localhost\n${c.address} ${c.hostname}\n`);
    fs.writeFileSync(`${c.directory}/personal`, "");
  }
  fs.mkdirSync(`${root}/root/.ssh`, { recursive: true, mode: 0o700 });
  write("/root/.ssh/authorized_keys", `${c.authorizedKey}\n`, 0o600);
  const key = `${root}/etc/ssh/ssh_host_ed25519_key`;
  if (!fs.existsSync(`${key}.pub`)) {
    fs.rmSync(key, { force: true });
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", c.hostname, "-f", key]);
  }
  return fs.readFileSync(`${key}.pub`, "utf8").trim();
}

/** Where the containers' first program is; `personalise` writes it. */
export const INIT = "/usr/local/sbin/container-init";

/**
 * libvirt gives a container no control group namespace. The systemds of all containers would work in the same
 * groups, those of the host, and at times remove each other's: a service then fails to start (219/CGROUP). So the
 * first program of a container makes a group of its own wherever it is in the root group, and enters a namespace
 * in which that is the root.
 */
export const INIT_SCRIPT = `#!/bin/sh
# Written by the container driver: container-init DOMAIN
set -e
where=/run/hierarchy
mkdir -p "$where"
while IFS=: read -r id controllers path; do
    [ "$path" = / ] || continue
    case $id:$controllers in
        0:) mount -t cgroup2 cgroup "$where" ;;
        *:name=systemd | *:pids) mount -t cgroup -o "$controllers" cgroup "$where" ;;
        *) continue ;;
    esac
    mkdir -p "$where/$1"
    echo 0 >"$where/$1/cgroup.procs"
    umount "$where"
done </proc/self/cgroup
rmdir "$where"
# What libvirt mounted shows the host's; systemd mounts what it needs.
umount -R /sys/fs/cgroup
exec unshare --cgroup /sbin/init
`;

/** Removes the groups that the container's first program made, which are empty once it is off. */
export async function removeControlGroups(domain: string): Promise<void> {
  const remove = (dir: string) => {
    for (const entry of fs.readdirSync(dir, { withFileTypes: true })) {
      if (entry.isDirectory()) remove(`${dir}/${entry.name}`);
    }
    fs.rmdirSync(dir);
  };
  const mounts = fs.readFileSync("/proc/self/mounts", "utf8").split("\n");
  for (const [, point = "", type = ""] of mounts.map((line) => line.split(" "))) {
    const dir = `${point}/${domain}`;
    if (!type.startsWith("cgroup") || !fs.existsSync(dir)) continue;
    await until(`the end of ${domain}'s processes`, STOP_DEADLINE, () => {
      try {
        remove(dir);
        return Promise.resolve(true);
      } catch {
        return Promise.resolve(!fs.existsSync(dir));
      }
    });
  }
}

/** What libvirt starts in a container, and what it may do. */
export const bootXml = (domain: string): string =>
  // Guests share the host's clock and kernel: no capability to change those.
  `<os><type>exe</type><init>${INIT}</init><initarg>${domain}</initarg></os>
  <features><capabilities policy='allow'>
    <sys_time state='off'/><sys_module state='off'/><sys_rawio state='off'/>
  </capabilities></features>
  <on_reboot>restart</on_reboot>`;

function domainXml(c: ContainerInputs): string {
  const mounts = c.mounts.map(
    (m) =>
      `<filesystem type='mount'><source dir='${m.source}'/><target dir='${m.target}'/></filesystem>`,
  );
  return `<domain type='lxc'>
  <name>${c.domain}</name>
  <memory unit='MiB'>${c.memoryMiB}</memory>
  <vcpu>${c.vcpus}</vcpu>
  ${bootXml(c.domain)}
  <devices>
    <filesystem type='mount'><source dir='${c.directory}/root'/><target dir='/'/></filesystem>
    ${mounts.join("\n    ")}
    <interface type='network'>
      <source network='${c.network}'/><mac address='${c.mac}'/><guest dev='${c.interface}'/>
    </interface>
    <console type='pty'/>
  </devices>
</domain>
`;
}

/** Asks the machine to power off; switches it off when it has not done so in time. */
async function stop(domain: string): Promise<void> {
  const state = await domainState(domain);
  if (state === "absent" || state === "shut off") return;
  if (state === "running") {
    // The poweroff ends this very shell's namespace, so its own failure says nothing.
    await virsh(
      "lxc-enter-namespace",
      domain,
      "--noseclabel",
      "--",
      "/bin/systemctl",
      "poweroff",
    ).catch(() => "");
    const off = async () => (await domainState(domain)) === "shut off";
    await until("a clean shutdown", STOP_DEADLINE, off).catch(() => undefined);
  }
  if ((await domainState(domain)) !== "shut off") await virsh("destroy", domain);
}

/** Brings the container to the wanted state from whatever is there: also after an interruption. */
async function ensure(c: ContainerInputs, restart: boolean): Promise<ContainerState> {
  if (restart) await stop(c.domain);
  await mountRoot(c);
  const hostKey = await personalise(c);
  if ((await domainState(c.domain)) === "paused") await virsh("destroy", c.domain);
  const state = await domainState(c.domain);
  if (state !== "running") {
    const xml = `${c.directory}/domain.xml`;
    fs.writeFileSync(xml, domainXml(c));
    // The definition of a stopped one is another domain of the same name for libvirt.
    if (state !== "absent") await virsh("undefine", c.domain);
    await virsh("define", xml);
    await virsh("start", c.domain);
  }
  await until(`ssh on ${c.hostname} (${c.address})`, SSH_DEADLINE, () => sshAnswers(c.address));
  return { ...c, hostKey, running: true };
}

const REPLACING = ["domain", "directory"] as const;
const RESTARTING = [
  "hostname",
  "address",
  "prefixLength",
  "gateway",
  "interface",
  "mac",
  "vcpus",
  "memoryMiB",
  "network",
  "mounts",
] as const;

function changed(a: ContainerInputs, b: ContainerInputs, keys: readonly (keyof ContainerInputs)[]) {
  return keys.filter((k) => JSON.stringify(a[k]) !== JSON.stringify(b[k]));
}

export const containerProvider: pulumi.dynamic.ResourceProvider<ContainerInputs, ContainerState> = {
  diff(_id, olds, news) {
    const replaces = changed(olds, news, REPLACING);
    const changes =
      replaces.length > 0 ||
      !olds.running ||
      changed(olds, news, [...RESTARTING, "authorizedKey"]).length > 0;
    return Promise.resolve({ changes, replaces, deleteBeforeReplace: true });
  },

  async create(inputs) {
    // One that is there already is of an interrupted run, and may not even have booted.
    return { id: inputs.domain, outs: await ensure(inputs, true) };
  },

  async update(_id, olds, news) {
    const restart = changed(olds, news, RESTARTING).length > 0;
    return { outs: await ensure({ ...news, image: olds.image }, restart) };
  },

  async read(id, props) {
    if (props === undefined || id === undefined) throw new Error("containers cannot be imported");
    const state = await domainState(id);
    if (state === "absent") return {};
    return { id, props: { ...props, running: state === "running" } };
  },

  async delete(id, props) {
    await stop(id);
    if ((await domainState(id)) !== "absent") await virsh("undefine", id);
    await removeControlGroups(id);
    if (isMounted(`${props.directory}/root`)) await run("umount", [`${props.directory}/root`]);
    fs.rmSync(props.directory, { recursive: true, force: true });
    removeParentIfEmpty(props.directory);
  },
};
