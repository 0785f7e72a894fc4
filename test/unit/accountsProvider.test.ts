import { readFileSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { accountsProvider } from "../../components/controllers/accountsProvider";
import { lookAtAccounting, stepsText, takeSteps } from "../../components/controllers/sacctmgr";
import * as shared from "../../components/providerProcess";
import { accounts } from "../../components/slurm/accounts";

vi.mock("../../components/providerProcess", async (original) => ({
  ...(await original<typeof import("../../components/providerProcess")>()),
  siteLock: vi.fn(),
  ask: vi.fn(),
}));
const ask = vi.mocked(shared.ask);
const lock = vi.mocked(shared.siteLock);
const { signal } = new AbortController();

const fixture = (name: string) =>
  readFileSync(path.join(__dirname, "fixtures", "accounting", `${name}.txt`), "utf8");
/** As slurmdbd 22.05 refuses it. */
const ACTIVE = ` Error with request: Job(s) active, cancel job(s) before remove
  JobID = 3          C = hpc        A = theory     U = bob
  JobID = 2          C = hpc        A = theory     U = bob
`;
const seats = [
  { machine: "slurm-m1", ssh: ["m1"] },
  { machine: "slurm-m2", ssh: ["m2"] },
];
const inputs = (wanted: object) => ({
  wanted: "new",
  request: JSON.stringify({ clusterName: "hpc", accounts: accounts.parse(wanted) }),
  controllers: seats,
  seats: [],
});
const { diff, update } = accountsProvider as Required<typeof accountsProvider>;
/** What the controllers say, one after the other; the scripts that were run on which. */
let ran: [string, string][];
function answers(...said: (string | undefined)[]) {
  ran = [];
  ask.mockReset().mockImplementation(([machine = ""], script) => {
    ran.push([machine, script]);
    return Promise.resolve(said.shift());
  });
}
const before = { applied: "new", summary: "" };
const physics = { accounts: [{ name: "physics" }] };
const rest = { ...physics, users: [{ name: "bob", accounts: ["physics"] }], exclusive: true };

beforeEach(() => {
  vi.spyOn(console, "error")
    .mockReset()
    .mockImplementation(() => undefined);
  lock.mockReset().mockResolvedValue({ signal } as Awaited<ReturnType<typeof shared.siteLock>>);
});
const told = () => vi.mocked(console.error).mock.calls.flat().join("\n");

describe("a preview", () => {
  it("says what sacctmgr would be told, also where only slurmdbd has changed", async () => {
    answers(fixture("fresh"));
    expect((await diff("id", before, inputs(physics))).changes).toBe(true);
    expect(told()).toContain("\n  sacctmgr add account name=physics cluster=hpc parent=root");
    expect(ran.every(([, script]) => !script.includes("sacctmgr -i"))).toBe(true);
    answers(fixture("site"));
    expect((await diff("id", before, inputs({}))).changes).toBe(false);
  });

  it("asks the other controller when one does not answer, and is no change when nobody does", async () => {
    answers(undefined, fixture("fresh"));
    expect((await diff("id", before, inputs(physics))).changes).toBe(true);
    expect(ran.map(([machine]) => machine)).toEqual(["m1", "m2"]);
    answers(undefined, "== qos\n== failed\nsacctmgr: error: Connection refused\n");
    expect((await diff("id", before, inputs(physics))).changes).toBe(false);
    expect(told()).toContain("slurm-m1 does not answer; slurm-m2: Connection refused");
  });

  it("asks nobody where no accounts are wanted", async () => {
    answers();
    const nothing = { ...inputs({}), request: "" };
    expect((await diff("id", before, nothing)).changes).toBe(false);
    expect((await diff("id", { ...before, applied: "old" }, nothing)).changes).toBe(true);
    expect(ran).toEqual([]);
  });
});

describe("a change", () => {
  it("is made on the controller that answered, under the site's lock, and looked at afterwards", async () => {
    const done = fixture("fresh")
      .replace("root|root|||", "physics|||root|1|||||||||||||||||\nroot|root|||")
      .concat("physics|physics|physics\n");
    answers(undefined, fixture("fresh"), "", done);
    const { outs } = await update("id", before, inputs(physics));
    expect(outs).toEqual({ applied: "new", summary: "changes: 1" });
    expect(ran.map(([machine]) => machine)).toEqual(["m1", "m2", "m2", "m1"]);
    expect(lock).toHaveBeenCalledWith([]);
  });

  it("that slurmdbd refuses fails with its words, and is tried again, also with the old inputs", async () => {
    answers(fixture("fresh"), "== 0\n sacctmgr: error: no such parent\n", fixture("fresh"));
    const failed = await update("id", before, inputs(physics)).catch((error: unknown) => error);
    expect(failed).toMatchObject({
      message: expect.stringMatching(/^slurm.accounts: .*add account.*: no such parent$/) as string,
      properties: { applied: "" },
    });
    const { properties } = failed as { properties: typeof before };
    answers(fixture("site"));
    expect((await diff("id", properties, inputs({}))).changes).toBe(true);
  });

  it("leaves what has jobs, and names it; the rest is done", async () => {
    const site = fixture("site");
    const gone = site
      .replace(/^(alice|dora|eva)\|.*\n/gm, "")
      .replace(/^\w+\|(alice|dora|eva)\|.*\n/gm, "")
      .replace(/^sub\|.*\n/gm, "")
      .replace(/^(physics\|\|\|root\|1).*$/m, "$1|||||||||||||||||")
      .replace(/^physics\|science.*$/m, "physics|physics|physics")
      .replace(/^high.*\n/m, "")
      .replace("bob|None|theory", "bob|None|physics");
    const said = `== 5\n${ACTIVE}== 6\n${ACTIVE}`;
    answers(site, said, gone);
    const { outs } = await update("id", before, inputs(rest));
    expect(outs).toEqual({
      applied: "new",
      summary:
        "changes: 7; stay until their jobs have ended: user bob in theory (3, 2); account theory (3, 2)",
    });
  });

  it("waits for a slurmdbd that starts, and for the slurmctld that tells it of a new cluster", async () => {
    vi.useFakeTimers();
    const unknown = fixture("fresh").replace(/^root\|(root)?\|.*1\|.*\n/gm, "");
    const down = "== failed\nsacctmgr: error: Connection refused\n";
    answers(down, down, unknown, fixture("site"));
    const done = update("id", before, inputs({}));
    await vi.advanceTimersByTimeAsync(10_000);
    expect((await done).outs).toMatchObject({ summary: "changes: 0" });
    answers();
    const never = expect(update("id", before, inputs({}))).rejects.toThrow(
      "not within 60 s: the accounting cannot be asked: slurm-m1 does not answer",
    );
    await vi.advanceTimersByTimeAsync(70_000);
    await never;
    vi.useRealTimers();
  });

  it("is cut off with a sentence when the machine goes in the middle", async () => {
    answers(fixture("fresh"), undefined);
    await expect(update("id", before, inputs(physics))).rejects.toThrow(
      "slurm-m1 has stopped answering: the same command again",
    );
  });
});

describe("the shell text", () => {
  /** Runs it where these are the programs. */
  const run = (text: string, programs: string) =>
    execa("sh", ["-c", `${programs}\n${text}`]).then(({ stdout }) => stdout);
  const add = { command: ["add", "account", "name=a", "description=Physik, 물리학과's"] };
  const remove = (name: string) => ({
    command: ["delete", "qos", "where", `name=${name}`],
    removes: `QOS ${name}`,
    unusedQos: name,
  });

  it("takes words as they are, and stops at what fails but for removals", async () => {
    const programs = `sacctmgr() { printf '<%s>' "$@" >&3; case $* in *bad*) echo why; false; esac; }
      squeue() { case $* in *busy*) echo 'JobID = 7'; esac; }; exec 3>&2`;
    const all = execa("sh", ["-c", `${programs}\n${stepsText([add])}`]);
    expect((await all).stderr).toBe("<-i><add><account><name=a><description=Physik, 물리학과's>");
    const removals = [remove("bad"), remove("busy"), remove("idle")];
    expect(await run(stepsText(removals), programs)).toBe(
      "== 0\nwhy\n== 1\nJob(s) active\nJobID = 7",
    );
    const stopped = stepsText([{ command: ["bad"] }, add]);
    expect(await run(stopped, programs)).toBe("== 0\nwhy");
    expect((await execa("sh", ["-c", `${programs}\n${stopped}`])).stderr).toBe("<-i><bad>");
  });

  it("is no longer than a command line may be, whatever there is to do", async () => {
    answers("", "", "");
    const many = Array.from({ length: 120 }, () => add);
    expect(await takeSteps(seats[0]!, many, signal)).toEqual([]);
    expect(ran).toHaveLength(3);
    expect(Math.max(...ran.map(([, script]) => script.length))).toBeLessThan(1 << 16);
  });

  it("asks for all, and what fails ends it with the words of sacctmgr", async () => {
    ask
      .mockReset()
      .mockImplementation((_, script) =>
        run(script, "sacctmgr() { echo 'sacctmgr: error: refused' >&2; false; }"),
      );
    await expect(lookAtAccounting(seats, "hpc")).rejects.toThrow(
      "the accounting cannot be asked: slurm-m1: refused; slurm-m2: refused",
    );
  });
});
