import { describe, expect, it } from "vitest";
import { parseConfig } from "../../components/house";
import { usersVars } from "../../components/users";
import type { ConfigError } from "../../plan/config";

const KEY =
  "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE+Kt7kP1blJL+w5rGqlPeSqnB17809Gl/ER89ovm/Xl kim@desk";
const parse = (local: unknown) =>
  parseConfig({
    webReplicas: "2",
    cidr: "198.18.1.0/24",
    driver: "container",
    users: JSON.stringify({ local }),
  }).users;
function faults(...local: object[]): string[] {
  try {
    parse(local);
    return [];
  } catch (e) {
    return (e as ConfigError).faults;
  }
}
const kim = { name: "kim", uid: 2001 };
const lee = { name: "lee", uid: 2002 };

describe("users of the config", () => {
  it("have a group of their own unless they name one, and keep their full names as they are written", () => {
    const told = usersVars(
      parse([
        { ...kim, fullName: "김철수", sshKeys: [KEY] },
        { ...lee, group: "chem", gid: 3000 },
        { name: "park", uid: 70000, group: "chem", gid: 3000 },
      ]),
      1,
    );
    expect(told["users_local"]).toEqual([
      { name: "kim", uid: 2001, group: "kim", gid: 2001, full_name: "김철수", ssh_keys: [KEY] },
      { name: "lee", uid: 2002, group: "chem", gid: 3000, full_name: "", ssh_keys: [] },
      { name: "park", uid: 70000, group: "chem", gid: 3000, full_name: "", ssh_keys: [] },
    ]);
  });

  it("may be none", () => {
    expect(parse([]).local).toEqual([]);
  });

  it.each([
    ["Kim", /small letter/],
    ["9kim", /small letter/],
    ["-kim", /small letter/],
    ["kim chul", /small letter/],
    ["김", /small letter/],
    ["k".repeat(33), /at most 32/],
    ["slurm", /a user or group of Debian's has this name/],
    ["www-data", /a user or group of Debian's has this name/],
    ["sudo", /a user or group of Debian's has this name/],
  ])("are not called %s", (name, message) => {
    const [fault, ...more] = faults({ ...kim, name });
    expect([fault, more]).toEqual([expect.stringMatching(message), []]);
    expect(fault).toContain(`users.local.0.name = ${JSON.stringify(name)}`);
  });

  it.each([0, 999, 60000, 64030, 65534, 65535, 2 ** 31, 2001.5])("do not have uid %s", (uid) => {
    expect(faults({ ...kim, uid })).toEqual([
      expect.stringMatching(/^users.local.0.uid = [\d.]+: (1000 to 59999|.*int)/),
    ]);
  });

  it.each(["a:b", "a\nb", "{{ lookup('pipe', 'id') }}", ""])("are no %j in full", (fullName) => {
    expect(faults({ ...kim, fullName })).toEqual([
      expect.stringMatching(/^users.local.0.fullName = .*one line without/),
    ]);
  });

  it.each(["ssh-ed25519 AAAA", `command="id" ${KEY}`, `${KEY}\n${KEY}`, `${KEY} {{ x }}`])(
    "do not log in by %j",
    (key) => {
      expect(faults({ ...kim, sshKeys: [key] })).toEqual([
        expect.stringMatching(/^users.local.0.sshKeys.0 = .*one line of OpenSSH/),
      ]);
    },
  );

  it("do not share names and ids, and all faults are said at once", () => {
    expect(
      faults(
        kim,
        { ...lee, uid: 2001 },
        { ...kim, uid: 2003 },
        { name: "park", uid: 2004, gid: 2001 },
        { name: "choi", uid: 2005, group: "chem" },
        { name: "jung", uid: 2006, group: "sudo", gid: 3001 },
        { name: "kang", uid: 2007, group: "bio", gid: 3000 },
        { name: "jo", uid: 2008, group: "bio", gid: 3001 },
      ),
    ).toEqual([
      "users.local.1.uid = 2001: kim has it",
      "users.local.1.gid = 2001: group kim has it",
      'users.local.2.name = "kim": another user has this name',
      "users.local.2.gid = 2003: group kim has gid 2001",
      "users.local.3.gid = 2001: group kim has it",
      'users.local.4.group = "chem": needs its gid',
      `users.local.5.group = "sudo": a user or group of Debian's has this name`,
      "users.local.7.gid = 3001: group bio has gid 3000",
    ]);
  });
});
