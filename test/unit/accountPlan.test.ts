import { readFileSync } from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { describeStep, planAccounts } from "../../components/slurm/accountPlan";
import { readAccounting } from "../../components/slurm/accounting";
import { accounts } from "../../components/slurm/accounts";

/** What sacctmgr of 22.05.8 said: of a site that SITE was told to, and of one whose slurmctld has just come. */
const captured = (name: string) => {
  const file = path.join(__dirname, "fixtures", "accounting", `${name}.txt`);
  const parts = readFileSync(file, "utf8").split(/^== (.*)\n/m);
  const part = (name: string) => parts[parts.indexOf(name) + 1] ?? "";
  const names = ["qos", "associations", "users", "accounts"];
  return readAccounting(Object.fromEntries(names.map((name) => [name, part(name)])));
};
const site = captured("site")!;
const fresh = captured("fresh")!;

const wanted = {
  qos: [
    { name: "normal", limits: { MaxWall: "7-0" } },
    {
      name: "high",
      priority: 1000,
      flags: ["DenyOnLimit"],
      preempt: ["normal"],
      limits: { MaxTRESPerUser: "cpu=64,gres/gpu=4", MaxWall: "1-12:30" },
    },
  ],
  accounts: [
    {
      name: "theory",
      parent: "physics",
      fairshare: 40,
      limits: { MaxJobs: 50, GrpWall: 90, GrpTRESMins: "cpu=100000" },
    },
    {
      name: "physics",
      description: "Institut für Physik, 물리학과",
      organization: "Science",
      limits: { GrpTRES: "mem=1537G,cpu=2048,node=4" },
      qos: ["normal", "high"],
      defaultQos: "normal",
    },
  ],
  users: [
    {
      name: "alice",
      accounts: [
        "theory",
        {
          account: "physics",
          fairshare: 5,
          qos: ["high"],
          defaultQos: "high",
          limits: { Priority: 5 },
        },
      ],
      adminLevel: "operator",
    },
    { name: "bob", accounts: ["physics", "theory"], defaultAccount: "theory" },
  ],
};
/** The commands, as they are told. */
const steps = (changes: object, now = site) =>
  planAccounts("hpc", accounts.parse({ ...wanted, ...changes }), now).map(describeStep);
const [theory, physics] = wanted.accounts;
const [alice, bob] = wanted.users;

describe("what sacctmgr is told", () => {
  it("is nothing where all is as wanted", () => {
    expect(steps({})).toEqual([]);
  });

  it("is all of it on a new cluster, each step after those that it needs", () => {
    expect(steps({}, fresh)).toEqual([
      "add qos name=high",
      "modify qos where name=normal set MaxWall=10080",
      "modify qos where name=high set Priority=1000 Flags=DenyOnLimit Preempt=normal MaxWall=2190 MaxTRESPerUser=cpu=64,gres/gpu=4",
      'add account name=physics cluster=hpc parent=root "description=institut für physik, 물리학과" organization=science DefaultQOS=normal QOS=high,normal GrpTRES=cpu=2048,mem=1573888,node=4',
      "add account name=theory cluster=hpc parent=physics description=theory organization=theory Fairshare=40 GrpTRESMins=cpu=100000 GrpWall=90 MaxJobs=50",
      "add user name=alice account=theory cluster=hpc",
      "add user name=alice account=physics cluster=hpc Fairshare=5 DefaultQOS=high QOS=high Priority=5",
      "modify user where name=alice cluster=hpc set adminlevel=operator",
      "add user name=bob account=physics cluster=hpc",
      "add user name=bob account=theory cluster=hpc",
      "modify user where name=bob cluster=hpc set defaultaccount=theory",
    ]);
  });

  it("is nothing yet of a cluster that slurmdbd does not know", () => {
    expect(readAccounting({ qos: "normal|0\n", users: "root|Administrator|root\n" })).toBe(
      undefined,
    );
  });

  it("takes what the config says no more from what it still names", () => {
    const plain = {
      ...physics,
      limits: { GrpTRES: "cpu=1" },
      qos: undefined,
      defaultQos: undefined,
    };
    expect(steps({ accounts: [theory, plain] })).toEqual([
      "modify account where name=physics cluster=hpc set DefaultQOS=-1 QOS= GrpTRES=cpu=1,mem=-1,node=-1",
    ]);
    const { name, accounts: both } = alice!;
    expect(steps({ users: [{ name, accounts: both.slice(0, 1) }, bob] })).toEqual([
      "modify user where name=alice cluster=hpc set adminlevel=none",
    ]);
    expect(steps({ qos: [{ name: "high" }], accounts: [], users: [] })).toEqual([
      "modify qos where name=high set Priority=0 Flags=-1 Preempt= MaxWall=-1 MaxTRESPerUser=cpu=-1,gres/gpu=-1",
    ]);
  });

  it("turns parent and child round without a circle in between", () => {
    const round = [
      { ...theory, parent: "root" },
      { ...physics, parent: "theory" },
    ];
    expect(steps({ accounts: round })).toEqual([
      "modify account where name=theory cluster=hpc set parent=root",
      "modify account where name=physics cluster=hpc set parent=theory",
    ]);
  });

  it("leaves alone what is not in the config: sub, dora, eva, normal's limits", () => {
    expect(steps({ qos: [], accounts: [], users: [] })).toEqual([]);
  });

  it("with exclusive takes the rest away, from the leaves on, and never root or normal", () => {
    const rest = {
      qos: [],
      accounts: [physics],
      users: [{ ...bob, accounts: ["physics"], defaultAccount: "physics" }],
    };
    const all = accounts.parse({ ...rest, exclusive: true });
    const plan = planAccounts("hpc", all, site);
    expect(plan.map(describeStep)).toEqual([
      "modify user where name=bob cluster=hpc set defaultaccount=physics",
      "delete user where name=alice",
      "delete user where name=dora",
      "delete user where name=eva",
      "delete user where name=bob account=theory cluster=hpc",
      "delete account where name=theory cluster=hpc",
      "delete account where name=sub cluster=hpc",
      "delete qos where name=high",
    ]);
    expect(plan.filter(({ removes }) => removes !== undefined)).toHaveLength(7);
    expect(plan.at(-1)).toMatchObject({ removes: "QOS high", unusedQos: "high" });
  });

  it("leaves associations of one partition alone unless exclusive", () => {
    const { members, ...others } = site;
    const more = { user: "bob", account: "physics", partition: "main", values: {} };
    const now = { ...others, members: [more, ...members] };
    expect(steps({}, now)).toEqual([]);
    expect(steps({ exclusive: true }, now)).toContain(
      "delete user where name=bob account=physics cluster=hpc partition=main",
    );
  });
});
