import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../components/house";
import { tiers } from "../../components/tiers";
import { usersVars } from "../../components/users";
import type { ConfigError } from "../../plan/config";
import { hostFiles } from "../../plan/files";
import { plainSecrets } from "../../plan/secrets";
import { AUTHORITY, Certificates } from "../support/ownCertificate";

const made = new Certificates();
const { file } = made;
const SECRET = "pass {{ word }}";
const least = { uris: ["ldaps://ldap.example.org"], base: "dc=example,dc=org" };

const parse = (ldap: unknown) =>
  parseConfig(
    {
      webReplicas: "2",
      cidr: "198.18.1.0/24",
      driver: "container",
      users: JSON.stringify({ ldap }),
    },
    { files: hostFiles },
  ).users;
function faults(changes: object): string[] {
  try {
    parse({ ...least, ...changes });
    return [];
  } catch (e) {
    return (e as ConfigError).faults;
  }
}

beforeAll(async () => {
  await made.make("ca", undefined, AUTHORITY);
  writeFileSync(file("text"), "no certificate\n");
  writeFileSync(file("broken"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
});
afterAll(made.remove);

describe("users of an LDAP", () => {
  it("are asked for at its servers, with what is usual where nothing else is said", () => {
    expect(usersVars(parse(least), 2)).toEqual({
      users_local: [],
      users_ldap_uris: least.uris,
      users_ldap_base: "dc=example,dc=org",
      users_ldap_ca: "",
      users_ldap_bind_dn: "",
      users_ldap_schema: "rfc2307",
      users_ldap_user_base: "dc=example,dc=org",
      users_ldap_group_base: "dc=example,dc=org",
      users_ldap_seconds: 6,
    });
  });

  it("are those below another base, for whom it lets ask", () => {
    const userBase = "ou=people,dc=example,dc=org?subtree?(memberOf=cn=hpc,dc=example,dc=org)";
    const bind = { dn: "cn=hpc,dc=example,dc=org", password: SECRET };
    const told = usersVars(parse({ ...least, caFile: file("ca.pem"), bind, userBase }), 1);
    expect(told).toMatchObject({
      users_ldap_ca: expect.stringContaining("BEGIN CERTIFICATE") as string,
      users_ldap_bind_dn: bind.dn,
      users_ldap_password: Buffer.from(SECRET).toString("base64"),
      users_ldap_user_base: userBase,
      users_ldap_group_base: "dc=example,dc=org",
    });
  });

  it("may be none, and sssd runs only where there are some", () => {
    expect(usersVars(parse(undefined), 1)).toMatchObject({ users_ldap_uris: [] });
    for (const tier of ["controllers", "compute", "login"] as const) {
      expect(tiers[tier].units({ services: {} })).not.toContain("sssd");
      expect(tiers[tier].units({ services: {}, ldap: true })).toContain("sssd");
    }
    expect(tiers.galera.units({ services: {}, ldap: true })).not.toContain("sssd");
  });

  it.each([
    "http://ldap.example.org",
    "ldap.example.org",
    "ldapi:///var/run/ldapi",
    "ldaps://",
    "ldaps://a b",
    "ldaps://a/dc=x",
    "ldaps://user@a",
    "ldaps://-a",
  ])("are not asked for at %s", (uri) => {
    expect(faults({ uris: [uri] })).toEqual([
      expect.stringMatching(
        /^users\.ldap\.uris\.0 = .*ldaps:\/\/host or ldap:\/\/host \(with StartTLS\)/,
      ),
    ]);
  });

  it.each(["example.org", "ou=a\nb", "ou={{ x }}", " ou=a", "ou=a ", ""])(
    "are not below %j",
    (base) => {
      expect(faults({ base })[0]).toMatch(/^users\.ldap\.base = .*a distinguished name/);
      expect(faults({ userBase: base })[0]).toMatch(/^users\.ldap\.userBase = .*a distinguished/);
    },
  );

  it("need both of whom it lets ask, and a password in one line, which no message has", () => {
    expect(faults({ bind: { dn: "cn=hpc" } })).toEqual([
      expect.stringMatching(/^users\.ldap\.bind\.password is missing/),
    ]);
    const said = faults({ bind: { dn: "cn=hpc", password: "two\nlines" } });
    expect(said).toEqual([expect.stringMatching(/^users\.ldap\.bind\.password = \(a secret\): /)]);
  });

  it("are refused for all that is wrong at once", () => {
    const uris = ["ldaps://a:0", "ldap://b:70000", "ldaps://c", "ldaps://c"];
    expect(faults({ uris, caFile: file("text") })).toEqual([
      'users.ldap.uris.0 = "ldaps://a:0": a port is 1 to 65535',
      'users.ldap.uris.1 = "ldap://b:70000": a port is 1 to 65535',
      'users.ldap.uris.3 = "ldaps://c": it is there twice',
      `users.ldap.caFile = "${file("text")}": must have a certificate (PEM)`,
    ]);
  });

  it.each([
    ["none", /must be a readable file/],
    ["ca.key", /must have certificates only, no private key/],
    ["broken", /has a certificate that cannot be read/],
  ])("are not verified with %s", (name, message) => {
    expect(faults({ caFile: file(name) })).toEqual([expect.stringMatching(message)]);
  });

  it("have a password that must be encrypted in the config file", () => {
    const users = JSON.stringify({ ldap: { ...least, bind: { dn: "cn=x", password: "word" } } });
    expect(plainSecrets({ users }, () => false)).toEqual([
      expect.stringContaining("pulumi config set --secret --path 'users.ldap.bind.password'"),
    ]);
    expect(plainSecrets({ users }, () => true)).toEqual([]);
  });
});
