import { readdirSync, rmSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { makeInto, writeInto } from "./write";

/** The only units that start by themselves; the tiers' playbooks enable theirs. */
const ENABLED = ["ssh.service", "systemd-networkd.service"];
/** Made by packages at installation; every machine must have its own or get the site's. */
const SECRETS = ["etc/munge/munge.key", "etc/machine-id", "var/lib/dbus/machine-id"];

const NEEDLESS = ["getty.target", "systemd-pstore.service", "systemd-update-utmp.service"];
/** Scripts of an init system that is not used here; enabling a unit that also has one takes a second. */
const SYSV = "etc/init.d";

/** Turns freshly installed packages into an image: no service but `units` enabled, no key or secret inside. */
export async function finish(root: string, units: string[] = []): Promise<void> {
  const write = (file: string, text: string) => writeInto(root, file, text);
  write(
    "etc/systemd/system-preset/00-hpc-ha.preset",
    [...[...ENABLED, ...units].map((unit) => `enable ${unit}`), "disable *", ""].join("\n"),
  );
  rmSync(path.join(root, SYSV), { recursive: true });
  makeInto(path.join(root, SYSV));
  await execa("chroot", [root, "systemctl", "preset-all"]);
  // Static units that only cost time, or fail at times, in a machine without devices and consoles.
  await execa("chroot", [root, "systemctl", "mask", ...NEEDLESS]);
  // The building host's name servers are not those of the machines: waiting for one that they cannot
  // reach costs ten seconds wherever a daemon looks up who connects to it (rsync of a new Galera node).
  write("etc/resolv.conf", "");
  // A service that hangs at its end must hold up neither a shutdown nor a failover for the usual 90 s.
  write("etc/systemd/system.conf.d/hpc-ha.conf", "[Manager]\nDefaultTimeoutStopSec=10s\n");
  write("etc/ssh/sshd_config.d/hpc-ha.conf", SSHD);
  for (const file of SECRETS) rmSync(path.join(root, file), { force: true });
  // An empty machine-id makes systemd choose one at the first boot.
  write("etc/machine-id", "");
  const ssh = path.join(root, "etc/ssh");
  for (const file of readdirSync(ssh)) {
    if (file.startsWith("ssh_host_")) rmSync(path.join(ssh, file));
  }
}

const SSHD = `PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
HostKey /etc/ssh/ssh_host_ed25519_key
UseDNS no
# One session for every task of an Ansible run over one connection, and the control socket's own.
MaxSessions 30
MaxStartups 50:30:100
`;
