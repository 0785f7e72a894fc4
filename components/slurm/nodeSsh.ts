import { fileFaults, type Files } from "../../plan/files";
import { bareKey, personal, usableKey } from "../../plan/sshKeys";
import { groupsOf, type Grouped, hostsOf, type NodeGroup } from "./nodes";

/** A machine of the owner's, and how this program gets to it. */
export interface ReachedHost {
  name: string;
  address: string;
  /** Key of the config that says how. */
  at: string;
  user: string;
  port: number;
  /** Whether packages that are missing there are installed. Default: no. */
  installPackages?: boolean;
  /** Private key: a file of who runs this, or the text itself, which is secret. Neither: that of the site's own machines. */
  privateKeyFile?: string | undefined;
  privateKey?: string | undefined;
  /** What proves that it is the machine, one of both: its host key, or a file in which ssh finds it. */
  hostKey?: string | undefined;
  knownHostsFile?: string | undefined;
}

/** The machines that this program gets to; nothing of who runs it is in there. */
export const reachedHosts = (slurm: Grouped): ReachedHost[] =>
  groupsOf(slurm).flatMap((group, i) => {
    const { ssh } = group;
    if (ssh === undefined) return [];
    const { user, port, installPackages, privateKey, privateKeyFile, hostKeys, knownHostsFile } =
      ssh;
    return hostsOf(group).map(({ name, address }) => ({
      ...{ name, address, user, port, at: `slurm.nodeGroups.${i}.ssh` },
      ...(installPackages && { installPackages }),
      ...(privateKey !== undefined && { privateKey }),
      ...(privateKeyFile !== undefined && { privateKeyFile }),
      ...(knownHostsFile === undefined
        ? { hostKey: bareKey(hostKeys?.[name] ?? "") ?? "" }
        : { knownHostsFile }),
    }));
  });

/** Faults of how the owner's machines are reached. */
export const nodeSshFaults = (slurm: Grouped, files: Files): string[] =>
  groupsOf(slurm).flatMap((group, i) => groupSshFaults(group, `slurm.nodeGroups.${i}.ssh`, files));

function groupSshFaults(group: NodeGroup, at: string, files: Files): string[] {
  const { ssh, hosts } = group;
  if (ssh === undefined) return [];
  if (hosts === undefined) {
    return [`${at}: only with hosts; this program knows its way to the machines that it makes`];
  }
  const { privateKey, privateKeyFile, hostKeys, knownHostsFile } = ssh;
  const key = privateKey === undefined ? undefined : usableKey(privateKey, "FILE");
  const used = (text: string) => {
    const found = usableKey(text, personal(privateKeyFile ?? ""));
    return "fault" in found ? [found.fault] : [];
  };
  return [
    ...(key && privateKeyFile !== undefined
      ? [`${at}.privateKeyFile = "${privateKeyFile}": not with privateKey`]
      : []),
    ...(key && "fault" in key ? [`${at}.privateKey = (a secret): ${key.fault}`] : []),
    ...fileFaults(
      `${at}.privateKeyFile`,
      privateKeyFile === undefined ? undefined : personal(privateKeyFile),
      files,
      used,
    ),
    ...fileFaults(
      `${at}.knownHostsFile`,
      knownHostsFile === undefined ? undefined : personal(knownHostsFile),
      files,
    ),
    ...hostKeyFaults(
      hostsOf(group).map(({ name }) => name),
      hostKeys,
      knownHostsFile,
      at,
    ),
  ];
}

function hostKeyFaults(
  names: string[],
  keys: Record<string, string> | undefined,
  knownHostsFile: string | undefined,
  at: string,
): string[] {
  if (keys === undefined) {
    return knownHostsFile === undefined
      ? [
          `${at}.hostKeys is missing: the host key of each machine (ssh-keyscan, compared with what the machine itself has), or ` +
            "knownHostsFile",
        ]
      : [];
  }
  if (knownHostsFile !== undefined) {
    return [`${at}.knownHostsFile = "${knownHostsFile}": not with hostKeys`];
  }
  const missing = names.filter((name) => keys[name] === undefined);
  return [
    ...missing.map((name) => `${at}.hostKeys.${name} is missing: its line of ssh-keyscan`),
    ...Object.keys(keys)
      .filter((name) => !names.includes(name))
      .map((name) => `${at}.hostKeys.${name}: no machine of hosts`),
  ];
}
