import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { text } from "node:stream/consumers";

/** A file system that a machine mounts. */
export interface NetworkMount {
  source: string;
  target: string;
  options: string;
}

/** What `main` reads from stdin. */
export interface ReadyRequest {
  name: string;
  address: string;
  /** The machine's known_hosts line. */
  knownHosts: string;
  sshKeyFile: string;
  /** Longest wait for ssh, s. */
  bootSeconds: number;
  /** Name servers of the machine. */
  nameservers: string[];
  /** Whom it asks for the time; none leaves it to the image. */
  timeServers: string[];
  /** Debian packages that must be there; what a machine's image lacks is installed. */
  packages: string[];
  mounts: NetworkMount[];
}

/** ssh's own exit code: the command was not run, or nobody knows how it ended. */
export const SSH_FAILED = 255;
/** Longest time for logging in: a machine that boots is slow to greet. s */
const SSH_SECONDS = 30;
/** Longest time for installing packages on an image that lacks them, s. */
const INSTALL_SECONDS = 900;

/**
 * Waits until a machine has booted and can be configured: ssh, cloud-init, packages, mounts.
 * @returns how long that took, in words
 * @throws when it does not get there, or another machine answers at its address
 */
export async function becomeReady(request: ReadyRequest): Promise<string> {
  const dir = mkdtempSync(path.join(tmpdir(), "hpc-ha-ready-"));
  process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
  const knownHosts = path.join(dir, "known_hosts");
  writeFileSync(knownHosts, request.knownHosts);
  const ssh = (script: string, seconds: number) =>
    spawnSync(
      "ssh",
      [
        ...["-i", request.sshKeyFile, "-o", `UserKnownHostsFile=${knownHosts}`],
        ...["-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", "-o", "ConnectTimeout=15"],
        ...["-o", "LogLevel=ERROR", `root@${request.address}`, "sh", "-s"],
      ],
      { input: script, encoding: "utf8", timeout: seconds * 1000 },
    );
  /** Runs a script that may run twice, however long it takes until the machine lets anybody in. */
  const reach = async (script: string, seconds: number): Promise<void> => {
    const start = Date.now();
    for (;;) {
      const { status, stderr } = ssh(script, seconds);
      if (status === 0) return;
      const who = `${request.name} (${request.address})`;
      if (/verification failed|Permission denied/i.test(stderr)) {
        throw new Error(`${who} is not the machine made here: ${stderr}`);
      }
      const lost = status === SSH_FAILED || status === null;
      if (!lost) throw new Error(`${who}: ${stderr}`);
      if (Date.now() - start > request.bootSeconds * 1000) {
        throw new Error(
          `${who} did not answer on ssh, or not finish, within ${request.bootSeconds} s: ${stderr}\n` +
            "Look at its console: virsh -c URI console DOMAIN",
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };
  const start = Date.now();
  await reach("exit 0", SSH_SECONDS);
  const booted = Date.now();
  await reach(prepareScript(request), INSTALL_SECONDS);
  const seconds = (from: number, to: number) => ((to - from) / 1000).toFixed(1);
  return `ssh after ${seconds(start, booted)} s, ready ${seconds(booted, Date.now())} s later`;
}

/** Tells a machine its name servers. A link is systemd-resolved's, which cloud-init has told; else nobody does. */
export const resolvConf = (nameservers: string[], file = "/etc/resolv.conf"): string =>
  `[ -L ${file} ] || printf %s '${nameservers.map((n) => `nameserver ${n}\n`).join("")}' >${file}`;

/**
 * Tells a machine whom to ask for the time. Not in the seed, where a change would switch the machine off. An image with
 * another client than systemd-timesyncd knows its servers by itself.
 */
export const timesyncd = (servers: string[], dir = "/etc/systemd/timesyncd.conf.d"): string =>
  `printf '[Time]\\nNTP=%s\\n' '${servers.join(" ")}' >/run/hpc-ha.time
if ! cmp -s /run/hpc-ha.time ${dir}/hpc-ha.conf; then
  mkdir -p ${dir}
  cp /run/hpc-ha.time ${dir}/hpc-ha.conf
  ! systemctl --quiet is-active systemd-timesyncd || systemctl restart systemd-timesyncd
fi`;

/** What is done on the machine; nothing, when it has it all. */
export function prepareScript({
  nameservers,
  timeServers,
  packages,
  mounts,
}: Pick<ReadyRequest, "nameservers" | "timeServers" | "packages" | "mounts">): string {
  return `set -eu
cloud-init status --wait >/dev/null || { cloud-init status --long; exit 1; } >&2
${resolvConf(nameservers)}
${timesyncd(timeServers)}
missing=$(dpkg-query -W -f '\${Package} \${db:Status-Status}\\n' ${packages.join(" ")} 2>/dev/null |
  awk '$2 == "installed" {print $1}' | sort >/run/hpc-ha.installed
  printf '%s\\n' ${packages.join(" ")} | sort -u | comm -23 - /run/hpc-ha.installed)
if [ -n "$missing" ]; then
  # Their services start when the playbooks have configured them, not before, and not at the next boot.
  enabled() { systemctl list-unit-files --state=enabled --no-legend | awk '{print $1}' | sort; }
  trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d
  chmod 755 /usr/sbin/policy-rc.d
  enabled >/run/hpc-ha.enabled
  apt-get update -q >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >/dev/null
  enabled | comm -23 - /run/hpc-ha.enabled | xargs -r systemctl disable -q
fi
${mounts
  .map(
    ({ source, target, options }) => `line='${source} ${target} nfs4 ${options},_netdev,bg 0 0'
if ! grep -qxF "$line" /etc/fstab; then
  sed -i '\\| ${target} nfs4 |d' /etc/fstab
  echo "$line" >>/etc/fstab
  mkdir -p ${target}
  systemctl daemon-reload
fi
# At the next boot too: an image may enable nothing by itself.
systemctl enable --quiet remote-fs.target
# At a boot without the server in the background; now whoever needs it must find it there.
mountpoint -q ${target} || mount -t nfs4 -o ${options} ${source} ${target}`,
  )
  .join("\n")}
`;
}

if (require.main === module) {
  text(process.stdin)
    .then((input) => becomeReady(JSON.parse(input) as ReadyRequest))
    .then((took) => console.log(took))
    .catch((error: unknown) => {
      console.error(error instanceof Error ? error.message : String(error));
      process.exit(1);
    });
}
