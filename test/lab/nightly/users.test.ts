import { afterAll, beforeAll, expect, it } from "vitest";
import type { StackOutputs } from "../../../site/stack";
import { ask, baseState, configure, on, stack } from "../../support/site";

const MACHINES = ["slurm-m1", "slurm-m2", "compute1", "compute2", "client"];
const kim = { name: "kim", uid: 2001, group: "chem", gid: 3000, fullName: "김철수" };
let outputs: StackOutputs;
const said = (machine: string, command: string) =>
  ask(outputs, machine, command).then((r) => r.stdout.trim());

beforeAll(async () => {
  outputs = await baseState();
  configure({ users: { local: [kim] } });
  await stack.run("up");
});
afterAll(() => baseState());

it("a user of the config has the same ids everywhere, and runs jobs as himself", async () => {
  const ids = await Promise.all(MACHINES.map((machine) => said(machine, "id kim")));
  expect(new Set(ids)).toEqual(new Set(["uid=2001(kim) gid=3000(chem) groups=3000(chem)"]));
  const job = "srun --nodes=2 --time=1 sh -c 'id -un; id -gn; pwd'";
  expect((await said("client", `su - kim -c "${job}"`)).split("\n").sort()).toEqual([
    "/home/kim",
    "/home/kim",
    "chem",
    "chem",
    "kim",
    "kim",
  ]);
});

it("one whom the controllers do not know is refused by name", async () => {
  await on(outputs, "client", "useradd --uid 2099 ghost");
  const { exitCode, stderr } = await ask(
    outputs,
    "client",
    "runuser -u ghost -- sh -c 'cd /tmp && sbatch --wrap true'; code=$?; userdel ghost; exit $code",
    { reject: false },
  );
  expect([exitCode, stderr]).toEqual([
    1,
    expect.stringContaining("user ghost (2099) is not known to the controllers of this cluster"),
  ]);
});

it("one who leaves is locked everywhere, and keeps his ids and his home", async () => {
  configure();
  await stack.run("up");
  const look = "getent shadow kim | cut -d: -f8; id -u kim";
  const locked = await Promise.all(MACHINES.map((machine) => said(machine, look)));
  expect(new Set(locked)).toEqual(new Set(["1\n2001"]));
  expect(await said("client", "stat --format=%U /home/kim")).toBe("kim");
});
