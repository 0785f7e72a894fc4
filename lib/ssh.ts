/** How the machines of a site are reached by ssh: the one place that builds its options. */

/** Who logs in, with which key, and which machines are known. */
export interface SshAccess {
  user: string;
  privateKeyFile: string;
  /** An unknown or changed host key is refused. */
  knownHostsFile: string;
}

export interface SshTuning {
  /** Longest wait for the connection, s. Default CONNECT_SECONDS. */
  connectSeconds?: number;
  /** A running connection counts as lost when the machine was silent for twice as long, s. Default: never. */
  aliveSeconds?: number;
  /** One connection for all commands to a machine. Default: one for each. */
  shared?: {
    /** Directory of its sockets; private to the user, and short: a socket's path has at most 107 bytes. */
    directory: string;
    /** How long it is kept without use, s. */
    seconds: number;
  };
  /** Default 22. */
  port?: number;
  /** The cheapest safe key exchange, for many connections at once that carry no secrets. Default: ssh's choice. */
  cheap?: boolean;
}

/** A dead machine shows within this time, s; on machines that are slow to answer it is more. */
export const CONNECT_SECONDS = 5;
/** ssh's own exit code: the command was not run, or nobody knows how it ended. */
export const SSH_FAILED = 255;

/**
 * Options of ssh as `-o` pairs. No configuration and no agent of the user's: the same command does the same for
 * everyone, and six keys of an agent do not use up the server's patience.
 */
function sshOptions(access: Omit<SshAccess, "user">, tuning: SshTuning = {}): string[] {
  const { connectSeconds = CONNECT_SECONDS, aliveSeconds, shared, cheap } = tuning;
  const options: Record<string, string> = {
    BatchMode: "yes",
    IdentitiesOnly: "yes",
    StrictHostKeyChecking: "yes",
    UserKnownHostsFile: quoted(access.knownHostsFile),
    GlobalKnownHostsFile: "none",
    ConnectTimeout: String(connectSeconds),
    LogLevel: "ERROR",
    ...(aliveSeconds !== undefined && {
      ServerAliveInterval: String(aliveSeconds),
      ServerAliveCountMax: "2",
    }),
    ...(shared && {
      ControlMaster: "auto",
      ControlPath: quoted(`${shared.directory}/%C`),
      ControlPersist: String(shared.seconds),
    }),
    // The first choice of OpenSSH 9 costs 0.1 s of CPU on each side (measured). It protects against a later decryption.
    ...(cheap && { KexAlgorithms: "^curve25519-sha256" }),
  };
  const pairs = Object.entries(options).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
  return ["-F", "none", "-i", access.privateKeyFile, ...pairs];
}

/** The same as one text, as Ansible and Mitogen take it: they split it as a shell does. */
export const ansibleSshArguments = (access: Omit<SshAccess, "user">, tuning?: SshTuning): string =>
  sshOptions(access, tuning)
    .map((word) => `'${word.replaceAll("'", `'"'"'`)}'`)
    .join(" ");

/** Arguments of ssh up to the remote command. */
export const sshArguments = (access: SshAccess, address: string, tuning?: SshTuning): string[] => [
  ...sshOptions(access, tuning),
  ...(tuning?.port === undefined ? [] : ["-p", String(tuning.port)]),
  `${access.user}@${address}`,
];

/**
 * ssh and its arguments up to the remote command, for one machine whose host key is given: without a file, which a
 * process that is killed would leave behind.
 */
export const pinnedSsh = (
  access: Omit<SshAccess, "knownHostsFile">,
  { address, hostKey }: { address: string; hostKey: string },
  tuning?: SshTuning,
): string[] => {
  const { port = 22 } = tuning ?? {};
  // As ssh looks it up.
  const at = port === 22 ? address : `[${address}]:${port}`;
  const known = renderKnownHosts([{ address: at, hostKey }]).trim();
  const [target = "", ...options] = sshArguments(
    { ...access, knownHostsFile: "none" },
    address,
    tuning,
  ).reverse();
  return ["ssh", ...options.reverse(), "-o", `KnownHostsCommand=/bin/echo ${known}`, target];
};

/** What a person types to log in; everything else is ssh's default. */
export const loginCommand = (
  { user, privateKeyFile, knownHostsFile }: SshAccess,
  address: string,
): string =>
  `ssh -i ${privateKeyFile} -o IdentitiesOnly=yes -o UserKnownHostsFile=${knownHostsFile} ${user}@${address}`;

/** ssh splits the values of these options at blanks, unless quoted. */
const quoted = (file: string): string => (/\s/.test(file) ? `"${file}"` : file);

/**
 * Arguments of ssh to a hypervisor, up to the remote command: as libvirt reaches it, with the user's own configuration,
 * keys and known hosts.
 * @param user, port: empty for ssh's default
 */
export const hypervisorSsh = (to: {
  user: string;
  host: string;
  port: string;
  key: string | null;
}): string[] => [
  ...(to.key === null ? [] : ["-i", to.key]),
  ...(to.port === "" ? [] : ["-p", to.port]),
  ...["-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "LogLevel=ERROR"],
  to.user === "" ? to.host : `${to.user}@${to.host}`,
];

/**
 * Shell text with which git runs ssh: the user's own configuration and known hosts, asking nobody.
 * @param keyFile the only key that is offered. Default: the user's own
 */
export const gitSsh = (keyFile?: string): string =>
  [
    "ssh -o BatchMode=yes -o StrictHostKeyChecking=yes",
    ...(keyFile === undefined
      ? []
      : [`-o IdentitiesOnly=yes -i '${keyFile.replaceAll("'", `'"'"'`)}'`]),
  ].join(" ");

/** known_hosts with keys that are known before the first connection. @param hostKey `type key [comment]` */
export const renderKnownHosts = (hosts: { address: string; hostKey: string }[]): string =>
  hosts.map((h) => `${h.address} ${h.hostKey.split(" ").slice(0, 2).join(" ")}\n`).join("");
