import { z } from "zod";
import { bareKey } from "../../plan/sshKeys";

/** What useradd of Debian and ssh take, and Slurm too. */
const name = z
  .string()
  .regex(
    /^[a-z][a-z0-9_.-]{0,31}$/,
    "a small letter, then small letters, digits, _ . -; at most 32",
  );
/** Debian gives away the rest: daemons below 1000, its own and systemd's from 60000 on (policy 9.2.2). */
const id = z
  .int()
  .refine(
    (n) => (n >= 1000 && n < 60000) || (n >= 65536 && n < 2 ** 31),
    "1000 to 59999, or 65536 to 2147483647",
  );

export const localUser = z.strictObject({
  name,
  /** The same on all machines, and on the file server. Never changed: files carry it. */
  uid: id,
  /** Of `group`. Default: the same number as uid. */
  gid: id.optional(),
  /** Name of the group of his files; several users may have one. Default: a group of his own, called like him. */
  group: name.optional(),
  /** As a person writes it: 김철수. Default: none. */
  fullName: z
    .string()
    .regex(/^(?!.*\{[{%#])[^:\p{Cc}]+$/u, "one line without :, {{, {% and {#")
    .optional(),
  /** Public keys by which he logs in on the login machine, besides those in his home. Default: none. */
  sshKeys: z
    .array(
      z
        .string()
        .refine(
          (key) => bareKey(key) !== undefined && !/[\p{Cc}]|\{[{%#]/u.test(key),
          "one line of OpenSSH: type, key, name",
        ),
    )
    .default([]),
});
export type LocalUser = z.infer<typeof localUser>;

/** Users and groups of Debian's packages on the machines of the cluster; those of an owner's image are seen there. */
const SYSTEM = new Set(
  (
    "root daemon bin sys adm tty disk sync games man lp mail news uucp proxy www-data backup operator list irc src " +
    "nobody nogroup users staff sudo wheel shadow utmp kmem dialout fax voice cdrom floppy tape audio dip video sasl " +
    "plugdev input sgx kvm render crontab netdev lxd docker debian systemd-network systemd-resolve systemd-timesync " +
    "systemd-journal systemd-coredump messagebus sshd ssh_keys _ssh _apt _rpc _chrony ntp statd polkitd syslog sssd " +
    "munge slurm slurmrestd slurm-tokens mysql redis haproxy stunnel4 prometheus keepalived_script postfix postdrop tss uuidd tcpdump ceph"
  ).split(" "),
);

/** Whether a user of Debian's packages has this name. */
export const isSystemUser = (name: string): boolean => SYSTEM.has(name);

/** A user's group. */
export const groupOf = ({ name, uid, gid, group }: LocalUser): { name: string; gid: number } => ({
  name: group ?? name,
  gid: gid ?? uid,
});

/** Faults of the users among each other, and with Debian's. */
export function localFaults(users: LocalUser[]): string[] {
  const names = new Map<string, number>();
  const uids = new Map<number, string>();
  const groups = new Map<string, number>();
  const gids = new Map<number, string>();
  return users.flatMap((user, i) => {
    const at = `users.local.${i}`;
    const { name, uid } = user;
    const group = groupOf(user);
    const faults: string[] = [];
    const fault = (key: string, value: string | number, why: string) =>
      faults.push(`${at}.${key} = ${JSON.stringify(value)}: ${why}`);
    if (SYSTEM.has(name)) fault("name", name, "a user or group of Debian's has this name");
    if (names.has(name)) fault("name", name, "another user has this name");
    const holder = uids.get(uid);
    if (holder !== undefined) fault("uid", uid, `${holder} has it`);
    const gid = groups.get(group.name);
    const holds = gids.get(group.gid);
    if (user.group !== undefined && SYSTEM.has(user.group)) {
      fault("group", user.group, "a user or group of Debian's has this name");
    } else if (user.group !== undefined && user.gid === undefined) {
      fault("group", user.group, "needs its gid");
    } else if (gid !== undefined && gid !== group.gid) {
      fault("gid", group.gid, `group ${group.name} has gid ${gid}`);
    } else if (holds !== undefined && holds !== group.name) {
      fault("gid", group.gid, `group ${holds} has it`);
    } else {
      groups.set(group.name, group.gid);
      gids.set(group.gid, group.name);
    }
    names.set(name, i);
    uids.set(uid, name);
    return faults;
  });
}
