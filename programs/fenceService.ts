import { execFileSync } from "node:child_process";
import { text } from "node:stream/consumers";
import { type FenceConfiguration, fenceConfiguration } from "./fenceConfiguration";

/** What `main` reads from stdin. */
export interface FenceServiceRequest extends FenceConfiguration {
  /** Name of the systemd service, and of its directory in /etc. */
  name: string;
  /** ssh and its arguments that reach the hypervisor; empty for this host. */
  ssh: string[];
  /** Text that requests are signed with. */
  key: string;
}

/** Name of a hypervisor's service for a site: several sites may share a hypervisor, and hypervisors a host. */
export const fenceServiceName = (prefix: string, hypervisor: string): string =>
  `${prefix}-fence-${hypervisor}`;

/** ssh as libvirt uses it for a URI (`qemu+ssh://user@host:port/…?keyfile=…`); empty where it needs none. */
export function sshOf(uri: string): string[] {
  const { protocol, username, hostname, port, searchParams } = new URL(uri);
  if (protocol !== "qemu+ssh:") return [];
  const key = searchParams.get("keyfile");
  return [
    "ssh",
    ...(key === null ? [] : ["-i", key]),
    ...(port === "" ? [] : ["-p", port]),
    ...["-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "LogLevel=ERROR"],
    username === "" ? hostname : `${username}@${hostname}`,
  ];
}

/** The URI of a hypervisor's libvirt on the hypervisor itself. */
export function localUri(uri: string): string {
  const { protocol, pathname, searchParams } = new URL(uri);
  const socket = searchParams.get("socket");
  if (socket !== null) return `qemu+unix://${pathname}?socket=${socket}`;
  return protocol === "qemu+ssh:" ? `qemu://${pathname}` : uri;
}

/** Installs the service and waits until it listens. It needs libvirt's socket and files below its own directory only. */
export function applyScript(request: FenceServiceRequest): string {
  const { name, address, port, key } = request;
  const directory = `/etc/${name}`;
  const unit = `# Written by hpc-ha.
[Unit]
Description=Fencing of Slurm controllers (${name})
After=network-online.target libvirtd.service libvirtd.socket virtqemud.socket
Wants=network-online.target

[Service]
# With a process id file of its own: another site's daemon, or the host's own, is no reason not to start.
RuntimeDirectory=${name}
ExecStart=/usr/sbin/fence_virtd -F -w -p /run/${name}/pid -f ${directory}/fence_virt.conf
Restart=always
RestartSec=1
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes

[Install]
WantedBy=multi-user.target
`;
  return `set -eu
umask 077
if ! command -v fence_virtd >/dev/null; then
  command -v apt-get >/dev/null || { echo 'fence_virtd is not installed' >&2; exit 1; }
  # Debian starts the package's own daemon, for every guest of libvirt's default network, without a key.
  systemctl mask -q --runtime fence_virtd.service 2>/dev/null
  { DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends fence-virtd ||
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends fence-virtd; }
  } >/dev/null
  systemctl unmask -q --runtime fence_virtd.service
  systemctl disable -q fence_virtd.service 2>/dev/null
fi
mkdir -p ${directory}
# As on the controllers, without a newline. The shell does it itself: no process has the key on its command line.
printf %s '${key}' >${directory}/key
cat >${directory}/fence_virt.conf <<'END'
${fenceConfiguration(directory, request)}END
cat >/etc/systemd/system/${name}.service <<'END'
${unit}END
chmod 644 /etc/systemd/system/${name}.service
systemctl daemon-reload
systemctl enable -q ${name}.service
systemctl restart ${name}.service
i=0
until ss -Hltn 'src ${address}:${port}' | grep -q .; do
  i=$((i + 1))
  [ $i -le 50 ] || { echo 'fence_virtd does not listen on ${address}:${port}:' >&2; systemctl status ${name}.service >&2; exit 1; }
  sleep 0.2
done
`;
}

export const removeScript = ({ name }: Pick<FenceServiceRequest, "name">): string => `set -eu
systemctl disable -q --now ${name}.service || [ ! -e /etc/systemd/system/${name}.service ]
rm -rf /etc/systemd/system/${name}.service /etc/${name}
systemctl daemon-reload
`;

async function main(action: string | undefined): Promise<void> {
  const request = JSON.parse(await text(process.stdin)) as FenceServiceRequest;
  const [file = "sh", ...args] = request.ssh;
  const input = action === "remove" ? removeScript(request) : applyScript(request);
  execFileSync(file, [...args, ...(file === "sh" ? ["-s"] : ["sh", "-s"])], {
    input,
    stdio: ["pipe", "inherit", "inherit"],
  });
}

if (require.main === module) {
  main(process.argv[2]).catch((error: unknown) => {
    // Not its command line and its input: the key is in it.
    const status = (error as { status?: number }).status;
    console.error(
      status === undefined ? String(error) : `fence_virtd was not set up (exit code ${status})`,
    );
    process.exit(1);
  });
}
