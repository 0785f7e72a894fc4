import execa from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";
import { projectRoot } from "../../../lib/project";
import { gateway } from "../../../plan/addresses";
import type { StackOutputs } from "../../../site/stack";
import { type LdapServer, ldapServer } from "../../support/ldapServer";
import { ask, baseConfig, baseState, configure, eventually, on, stack } from "../../support/site";

const SECRET = "the-LDAP-{{word}}-7391";
const MACHINES = ["slurm-m1", "slurm-m2", "compute1", "compute2", "client"];
const ann = { name: "ann", uid: 7001, gid: 7100, fullName: "김철수" };
const lee = { ...ann, name: "lee", uid: 7002, fullName: "Lee" };
let server: LdapServer;
let outputs: StackOutputs;

/** @param nodes number of compute nodes; the base state has two */
async function configureLdap(password: string, nodes = 2): Promise<void> {
  const slurm = { ...(baseConfig()["slurm"] as object), computeNodes: nodes };
  const { uri, base, ca, reader } = server;
  const ldap = { uris: [uri], base, caFile: ca, bind: { dn: reader } };
  configure({ slurm, users: { ldap } });
  // In the config file no secret is in the clear.
  const key = "hpc-ha:users.ldap.bind.password";
  await execa("pulumi", ["config", "set", "--secret", "--path", key, "--stack", stack.name], {
    cwd: projectRoot,
    input: password,
  });
}
const said = (machine: string, command: string) =>
  ask(outputs, machine, command).then((r) => r.stdout.trim());
/** On the login machine. Homes are the site's file server's, and there is none. */
const as = (user: string, command: string) =>
  ask(outputs, "client", `runuser -u ${user} -- sh -c 'cd /tmp && ${command}'`, { reject: false });

beforeAll(async () => {
  outputs = await baseState();
  const address = gateway(baseConfig()["cidr"] as string);
  server = await ldapServer(address, SECRET, [ann, lee], { bio: 7100 });
  await server.start();
  await configureLdap(SECRET, 3);
  await stack.run("up");
  outputs = await stack.outputs();
});
afterAll(async () => {
  await server.start().catch(() => undefined);
  await baseState();
  await server.remove();
});

it("users of an LDAP have the same ids everywhere, and no shell on the controllers", async () => {
  const ids = await Promise.all([...MACHINES, "compute3"].map((m) => said(m, "id ann")));
  expect(new Set(ids)).toEqual(new Set(["uid=7001(ann) gid=7100(bio) groups=7100(bio)"]));
  const shell = (name: string) => `ann:*:7001:7100:김철수:/home/ann:${name}`;
  expect(await said("client", "getent passwd ann")).toBe(shell("/bin/bash"));
  expect(await said("slurm-m1", "getent passwd ann")).toBe(shell("/usr/sbin/nologin"));
});

it("they run jobs as themselves, on a new node too", async () => {
  const { stdout, stderr } = await as("ann", "srun --nodelist=compute3 --time=1 id");
  expect([stdout, stderr]).toEqual(["uid=7001(ann) gid=7100(bio) groups=7100(bio)", ""]);
});

it("one whom the LDAP does not know is refused by name", async () => {
  await on(outputs, "client", "useradd --uid 7099 ghost");
  const { exitCode, stderr } = await as("ghost", "sbatch --wrap true");
  await on(outputs, "client", "userdel ghost");
  expect([exitCode, stderr]).toEqual([
    1,
    expect.stringContaining("user ghost (7099) is not known to the controllers of this cluster"),
  ]);
});

it("a password that the LDAP does not take is told, and nothing is changed", async () => {
  await configureLdap("another");
  const words = await stack.start("up", "--yes", "--skip-preview").then(
    () => "",
    (error: { all: string }) => error.all,
  );
  expect(words).toContain(`users.ldap: ${server.uri}: ldap_bind: Invalid credentials (49)`);
  expect(words).not.toContain("another");
  const kept = "grep -cF {{word}} /etc/sssd/sssd.conf";
  expect(await Promise.all(["slurm-m1", "client"].map((m) => said(m, kept)))).toEqual(["1", "1"]);
  await configureLdap(SECRET);
  await stack.run("up");
});

it("while the LDAP is away jobs of those who are known go on", async () => {
  await server.stop();
  // What is known is old by now.
  await Promise.all(MACHINES.map((machine) => on(outputs, machine, "sss_cache -E")));
  const { stdout, stderr } = await as("ann", "srun --time=1 id -un");
  expect([stdout, stderr]).toEqual(["ann", ""]);
  // Nobody has asked for him yet.
  expect((await as("lee", "true")).stderr).toContain("lee");
  await server.start();
  const found = async () => (await as("lee", "true")).exitCode === 0;
  await eventually("sssd asks the LDAP again", 120, found, 5);
});

it("the password is in sssd's settings alone, which only root reads", async () => {
  const look =
    "stat -c %a:%U /etc/sssd/sssd.conf; grep -rlsF {{word}} /etc /var/log /run --exclude-dir=journal; " +
    "journalctl -q -o cat | grep -cF '{{word}}'";
  const found = await Promise.all(
    MACHINES.map((m) => ask(outputs, m, look, { reject: false }).then((r) => r.stdout)),
  );
  expect(new Set(found)).toEqual(new Set(["600:root\n/etc/sssd/sssd.conf\n0"]));
});

it("an LDAP that leaves the config leaves nothing behind", async () => {
  configure();
  await stack.run("up");
  const look =
    "systemctl is-active sssd; ls -A /etc/sssd /var/lib/sss/db; getent -s sss passwd ann";
  const left = await Promise.all(
    MACHINES.map((m) => ask(outputs, m, look, { reject: false }).then((r) => r.stdout)),
  );
  expect(new Set(left)).toEqual(new Set(["inactive\n/etc/sssd:\nconf.d\n\n/var/lib/sss/db:"]));
});
