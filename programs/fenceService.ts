import { spawnSync } from "node:child_process";
import { z } from "zod";
import { program } from "../lib/program";
import { hypervisorSsh } from "../lib/ssh";
import { fenceConfiguration } from "./fenceConfiguration";

/** Holds a secret: the key. */
const fenceServiceSchema = z.strictObject({
  /** Libvirt URI of the machines, as seen on the host where it runs. */
  uri: z.string().min(1),
  /** Address and TCP port that it listens on. */
  address: z.ipv4(),
  port: z.int().min(1).max(65535),
  /** Addresses that may ask. */
  sources: z.array(z.ipv4()).min(1),
  /** Libvirt domains that they may switch off and on. */
  domains: z.array(z.string().min(1)),
  /** Name of the systemd service, and of its directory in /etc. */
  name: z.string().regex(/^[\w.-]+$/),
  /** ssh and its arguments that reach the hypervisor; empty for this host. */
  ssh: z.array(z.string()),
  /** Text that requests are signed with: base64, which needs no quotes. */
  key: z.string().regex(/^[\w+/=]+$/),
});
export type FenceServiceRequest = z.infer<typeof fenceServiceSchema>;

/** Name of a hypervisor's service for a site: several sites may share a hypervisor, and hypervisors a host. */
export const fenceServiceName = (prefix: string, hypervisor: string): string =>
  `${prefix}-fence-${hypervisor}`;

/** ssh as libvirt uses it for a URI (`qemu+ssh://user@host:port/…?keyfile=…`); empty where it needs none. */
export function sshOf(uri: string): string[] {
  const { protocol, username, hostname, port, searchParams } = new URL(uri);
  if (protocol !== "qemu+ssh:") return [];
  return [
    "ssh",
    ...hypervisorSsh({ user: username, host: hostname, port, key: searchParams.get("keyfile") }),
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

const SCRIPTS: Record<string, (request: FenceServiceRequest) => string> = {
  apply: applyScript,
  remove: removeScript,
};

/** @param action apply or remove */
function carryOut(action: string, request: FenceServiceRequest): void {
  const script = SCRIPTS[action];
  if (!script) throw new Error(`no action "${action}": ${Object.keys(SCRIPTS).join(" or ")}`);
  const [file = "sh", ...args] = request.ssh;
  const shell = file === "sh" ? ["-s"] : ["sh", "-s"];
  const { status, error } = spawnSync(file, [...args, ...shell], {
    input: script(request),
    stdio: ["pipe", "inherit", "inherit"],
  });
  if (status === 0) return;
  throw new Error(
    `${action} of fence_virtd failed (${error?.message ?? `exit code ${status ?? "none"}`})`,
  );
}

if (require.main === module) {
  program(fenceServiceSchema, (request) =>
    Promise.resolve(carryOut(process.argv[2] ?? "", request)),
  );
}
