import { z } from "zod";
import type { Files } from "../../plan/files";
import { ldap, ldapFaults, ldapVars } from "./ldap";
import { groupOf, localFaults, localUser } from "./local";

/** Who may use the cluster. */
export const users = z
  .strictObject({
    /**
     * Users with the same ids on controllers, compute nodes and login machine. One that leaves the list can no longer log in;
     * his ids and his home stay. Default: none.
     */
    local: z.array(localUser).default([]),
    /** An LDAP of the site whose users these are as well; of two of the same name the local one is meant. Default: none. */
    ldap: ldap.optional(),
  })
  .prefault({});
export type Users = z.infer<typeof users>;

/** Faults of the users. */
export const userFaults = ({ local, ldap }: Users, host: Files): string[] => [
  ...localFaults(local),
  ...(ldap === undefined ? [] : ldapFaults(ldap, host)),
];

/** Variables of role users; its argument_specs describe them. @param patience factor of time limits of a failover */
export const usersVars = ({ local, ldap }: Users, patience: number): Record<string, unknown> => ({
  users_local: local.map((user) => ({
    name: user.name,
    uid: user.uid,
    group: groupOf(user).name,
    gid: groupOf(user).gid,
    full_name: user.fullName ?? "",
    ssh_keys: user.sshKeys,
  })),
  ...ldapVars(ldap, patience),
});

/** Units of machines on which users are known. */
export const userUnits = ({ ldap }: { ldap?: boolean }): string[] => (ldap ? ["sssd"] : []);

/** Debian packages of such machines: the LDAP's users, and what tries what is told of it. */
export const USER_PACKAGES = ["sssd-ldap", "sssd-tools", "ldap-utils"];
