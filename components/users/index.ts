import { z } from "zod";
import { groupOf, localFaults, localUser } from "./local";

/** Who may use the cluster. */
export const users = z
  .strictObject({
    /**
     * Users with the same ids on controllers, compute nodes and login machine. One that leaves the list can no longer log in;
     * his ids and his home stay. Default: none.
     */
    local: z.array(localUser).default([]),
  })
  .prefault({});
export type Users = z.infer<typeof users>;

/** Faults of the users. */
export const userFaults = ({ local }: Users): string[] => localFaults(local);

/** Variables of role users; its argument_specs describe them. */
export const usersVars = ({ local }: Users): Record<string, unknown> => ({
  users_local: local.map((user) => ({
    name: user.name,
    uid: user.uid,
    group: groupOf(user).name,
    gid: groupOf(user).gid,
    full_name: user.fullName ?? "",
    ssh_keys: user.sshKeys,
  })),
});
