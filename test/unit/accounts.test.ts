import { describe, expect, it } from "vitest";
import { parseSlurm, slurmFaults } from "../support/slurmConfig";

const parse = (slurm: object) => parseSlurm(slurm).slurm;
const physics = { name: "physics" };
const alice = { name: "alice", accounts: ["physics"] };

describe("slurm.accounts", () => {
  it("are nobody's where nothing is said, and nothing is enforced", () => {
    expect(parse({})).toMatchObject({ enforce: [] });
    expect(parse({})).not.toHaveProperty("accounts");
  });

  it("have limits as slurmdbd keeps them, however they are written", () => {
    const limits = {
      GrpTRES: "node=4,mem=1537G,cpu=64",
      MaxTRES: "mem=512",
      MaxJobs: 5,
      MaxWall: "1-12",
      GrpWall: 90,
    };
    const [account] = parse({ accounts: { accounts: [{ name: "a", limits }] } }).accounts!.accounts;
    expect(account!.limits).toEqual({
      GrpTRES: "cpu=64,mem=1573888,node=4",
      MaxTRES: "mem=512",
      MaxJobs: "5",
      MaxWall: "2160",
      GrpWall: "90",
    });
    const times = ["90:30", "1:30:01", "2-0", "1-0:30", "0-1:2:3"].map((MaxWall) => {
      const accounts = { qos: [{ name: "q", limits: { MaxWall } }] };
      return parse({ accounts }).accounts!.qos[0]!.limits["MaxWall"];
    });
    expect(times).toEqual(["91", "91", "2880", "1470", "63"]);
  });

  it("take an account of a user by its name, or with shares and limits of the user's own", () => {
    const accounts = ["physics", { account: "chemistry", fairshare: "parent" }];
    const all = { accounts: [physics, { name: "chemistry" }], users: [{ ...alice, accounts }] };
    const [user] = parse({ accounts: all }).accounts!.users;
    expect(user!.accounts).toMatchObject([
      { account: "physics", fairshare: "1" },
      { account: "chemistry", fairshare: "parent" },
    ]);
  });

  it("are refused with all their faults at once", () => {
    const accounts = {
      qos: [{ name: "high", preempt: ["nosuch"] }, { name: "high" }],
      accounts: [
        physics,
        physics,
        { name: "a", parent: "b" },
        { name: "b", parent: "a" },
        { name: "self", parent: "self" },
        { name: "c", parent: "nowhere", qos: ["high"], defaultQos: "normal" },
        { name: "root" },
        { name: "gpus", limits: { GrpTRES: "gres/gpu=8" } },
      ],
      users: [
        { name: "bob", accounts: ["nosuch", "physics", "physics"], defaultAccount: "c" },
        { name: "carl", accounts: [{ account: "physics", qos: ["night"] }] },
      ],
    };
    expect(slurmFaults({ accounts })).toEqual([
      'slurm.accounts.qos: "high" is there twice',
      'slurm.accounts.accounts: "physics" is there twice',
      'slurm.accounts.accounts: "root" is Slurm\'s own',
      'slurm.accounts.qos.0.preempt = "nosuch": is not in slurm.accounts.qos',
      'slurm.accounts.accounts.5.parent = "nowhere": is not in slurm.accounts.accounts',
      'slurm.accounts.accounts.5.defaultQos = "normal": must be in its qos',
      expect.stringMatching(/^slurm.accounts.accounts.7.limits.GrpTRES: .*not count gres\/gpu/),
      "slurm.accounts.accounts: a circle of parents: a, b",
      "slurm.accounts.accounts: a circle of parents: self",
      'slurm.accounts.users.0.accounts.0 = "nosuch": is not in slurm.accounts.accounts',
      'slurm.accounts.users.0.accounts: "physics" is there twice',
      'slurm.accounts.users.0.defaultAccount = "c": must be one of its accounts',
      'slurm.accounts.users.1.accounts.0.qos = "night": is not in slurm.accounts.qos',
    ]);
  });

  it.each<[string, object, RegExp]>([
    [
      "parts of a unit, of which sacctmgr makes 1M",
      { MaxTRES: "mem=1.5T" },
      /MaxTRES = "mem=1.5T"/,
    ],
    ["a unit of what has none", { GrpTRES: "cpu=1K" }, /whole numbers: cpu=64,mem=512G/],
    ["no resources at all", { GrpTRES: "many" }, /GrpTRES = "many"/],
    ["a resource twice", { GrpTRES: "cpu=1,cpu=2" }, /each resource once/],
    [
      "no time",
      { MaxWall: "a day" },
      /MaxWall = "a day": a time of Slurm: minutes, h:m:s, days-hours/,
    ],
    ["no limit as a limit", { MaxWall: "UNLIMITED" }, /without a limit leave it out/],
    ["less than nothing", { MaxJobs: -1 }, /MaxJobs = -1/],
    ["a limit that associations have not", { MaxTRESPerUser: "cpu=1" }, /MaxTRESPerUser/],
  ])("are refused with %s", (_, limits, message) => {
    const accounts = { accounts: [{ ...physics, limits }] };
    expect(slurmFaults({ accounts })).toEqual([expect.stringMatching(message)]);
  });

  it("are refused with names that slurmdbd would change, or an administrator's level that is none", () => {
    const accounts = {
      accounts: [{ name: "Physics" }, { ...physics, description: 'the "lab"' }],
      users: [{ ...alice, adminLevel: "administrator" }],
    };
    expect(slurmFaults({ accounts })).toEqual([
      expect.stringMatching(/accounts.0.name = "Physics": small letters/),
      expect.stringMatching(/accounts.1.description = .*without quotes/),
      expect.stringMatching(/users.0.adminLevel = "administrator"/),
    ]);
  });

  it("count what slurm.conf has counted besides", () => {
    const limits = { GrpTRES: "gres/gpu=8" };
    const options = { accountingstoragetres: "gres/gpu,license/matlab" };
    expect(slurmFaults({ options, accounts: { accounts: [{ ...physics, limits }] } })).toEqual([]);
  });
});
