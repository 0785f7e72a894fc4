import * as crypto from "node:crypto";
import type { ContainerInputs } from "./inputs";

// The provider is serialised into the stack's state by Pulumi with all that it reaches, so this file uses Node's own
// modules only, and functions.

/** Where the containers' first program is; `personalise` writes it. */
export const INIT = "/usr/local/sbin/container-init";

/**
 * libvirt gives a container no control group namespace. The systemds of all containers would work in the same
 * groups, those of the host, and at times remove each other's: a service then fails to start (219/CGROUP). So the
 * first program of a container makes a group of its own wherever neither libvirt nor systemd-machined made it one, and
 * enters a namespace in which that is the root. What it is in then is the group of libvirtd: the root, or any other, as in a
 * container or where somebody's systemd has moved everything.
 */
export const INIT_SCRIPT = `#!/bin/sh
# Written by the container driver: container-init DOMAIN
set -e
where=/run/hierarchy
mkdir -p "$where"
while IFS=: read -r id controllers path; do
    case $path in */lxc-*.libvirt-lxc* | */machine-lxc*) continue ;; esac
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

/** What libvirt starts in a container, and what it may do. */
export const bootXml = (domain: string): string =>
  // Guests share the host's clock and kernel: no capability to change those.
  `<os><type>exe</type><init>${INIT}</init><initarg>${domain}</initarg></os>
  <features><capabilities policy='allow'>
    <sys_time state='off'/><sys_module state='off'/><sys_rawio state='off'/>
  </capabilities></features>
  <on_reboot>restart</on_reboot>`;

/** Libvirt's definition of a container. @param uuid of the one that is there; "" when there is none */
export function domainXml(c: ContainerInputs, uuid: string): string {
  const mounts = c.mounts.map(
    (m) =>
      `<filesystem type='mount'><source dir='${m.source}'/><target dir='${m.target}'/></filesystem>`,
  );
  const definition = JSON.stringify([
    c.memoryMiB,
    c.vcpus,
    c.mac,
    c.network,
    c.interface,
    c.mounts,
  ]);
  const id = crypto.createHash("sha256").update(definition).digest("hex").slice(0, 16);
  return `<domain type='lxc'>
  <name>${c.domain}</name>${uuid === "" ? "" : `\n  <uuid>${uuid}</uuid>`}
  <description>${id}</description>
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
