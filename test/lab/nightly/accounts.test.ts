import { afterAll, beforeAll, expect, it } from "vitest";
import type { StackOutputs } from "../../../site/stack";
import { ask, baseConfig, baseState, configure, on, stack } from "../../support/site";

let outputs: StackOutputs;
beforeAll(async () => {
  outputs = await baseState();
});
afterAll(async () => {
  await on(outputs, "client", "scancel --account=labother");
  await accounts({ exclusive: true });
  await baseState();
});

const accounts = async (wanted: object) => {
  configure({ slurm: { ...(baseConfig()["slurm"] as object), accounts: wanted } });
  await stack.run("up");
};
const said = (command: string) => ask(outputs, "slurm-m2", command).then((r) => r.stdout.trim());
const associations = () =>
  said("sacctmgr -nP show associations wopl format=Account,User,ParentName,Fairshare,GrpTRES");

const physics = { name: "labphysics", description: "물리학과", limits: { GrpTRES: "mem=1T" } };
const theory = { name: "labtheory", parent: "labphysics" };
const user = { name: "labuser", accounts: ["labtheory", { account: "labphysics", fairshare: 5 }] };
const all = { accounts: [theory, physics], users: [user] };

it("accounts of the config are told to slurmdbd, and a second run changes nothing", async () => {
  await accounts(all);
  const now = (await associations()).split("\n");
  expect(now).toContain("labphysics||root|1|mem=1T");
  expect(now).toContain("labtheory||labphysics|1|");
  expect(now).toContain("labphysics|labuser||5|");
  await stack.run("up", "--expect-no-changes");
});

it("what was changed by hand is seen by a preview, and set back; what was made by hand stays", async () => {
  await on(outputs, "slurm-m1", "sacctmgr -i add account labother");
  await on(outputs, "slurm-m1", "sacctmgr -i modify account labphysics set GrpTRES=mem=5");
  const { all: preview = "" } = await stack.start("preview", "--diff");
  expect(preview).toContain("name=labphysics cluster=hpc set GrpTRES=mem=1048576");
  await stack.run("up");
  const now = await associations();
  expect(now).toContain("labphysics||root|1|mem=1T");
  expect(now).toContain("labother||root|1|");
});

it("exclusive takes away what is not in the config, but for what has jobs", async () => {
  // As root, who may use every account.
  await on(outputs, "slurm-m1", "sacctmgr -i add user root account=labother");
  const job = await said("sbatch --parsable --hold --account=labother --wrap true");
  await accounts({ accounts: [physics], exclusive: true });
  const left = await associations();
  expect(left).toContain("labother|");
  expect(left).not.toContain("labtheory");
  await on(outputs, "slurm-m1", `scancel ${job}`);
  await stack.run("up");
  expect(await associations()).not.toContain("labother");
});
