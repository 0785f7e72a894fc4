import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import {
  type ConfigurationInputs,
  configurationProvider,
  type ConfigurationState,
  type Outcome,
} from "../../components/configurationProvider";
import { differences, readLook } from "../../components/drift";
import { pending } from "../../components/perMachine";
import * as shared from "../../components/providerProcess";

vi.mock("../../components/providerProcess", async (original) => ({
  ...(await original<typeof import("../../components/providerProcess")>()),
  siteLock: vi.fn(),
  runProgram: vi.fn(),
  leftBegun: vi.fn(),
  handOver: vi.fn(),
}));
const left = vi.mocked(shared.leftBegun);
const lock = vi.mocked(shared.siteLock);
const run = vi.mocked(shared.runProgram);
const told = vi.spyOn(console, "error");

/** Files that machines keep; a machine is this one, asked by a shell. */
const directory = mkdtempSync(path.join(tmpdir(), "hpc-ha-unit-"));
afterAll(() => rmSync(directory, { recursive: true }));
const file = path.join(directory, "it's settings");
const SHA = { one: "2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806" };
// The script has no systemctl to ask.
const ssh = ["sh", "-c", `systemctl() { [ "$3" != stopped ]; }; eval "$1"`, "-"];

const { signal } = new AbortController();
/** What the site is told to keep of what was begun. */
let kept: string[];
const outcome: Outcome = { done: {}, faults: {}, waiting: false };
let answers: Outcome[];
/** What the program was told each time. */
const requests = () =>
  run.mock.calls.map(([, request]) => JSON.parse(request) as Record<string, unknown>);
beforeEach(() => {
  writeFileSync(file, "one\n");
  answers = [];
  told.mockReset();
  kept = [];
  left.mockReset().mockResolvedValue([]);
  lock.mockReset().mockResolvedValue({
    signal,
    begin: (what: string) => kept.push(`begin ${what}`),
    end: (what: string) => kept.push(`end ${what}`),
  } as unknown as Awaited<ReturnType<typeof shared.siteLock>>);
  run.mockReset().mockImplementation(() => Promise.resolve(JSON.stringify(answers.shift())));
});

const inputs = (wanted: Record<string, string>, gate = false): ConfigurationInputs => ({
  tier: "web",
  gate,
  wanted,
  questions: Object.fromEntries(Object.keys(wanted).map((m) => [m, { ssh, units: ["up"] }])),
  seats: [{ machine: "haproxy1", ssh: [] }],
  request: '{"secret":"s3cret"}',
});
const state = (applied: Record<string, string>, rest: Partial<ConfigurationState> = {}) => ({
  ...{ tier: "web", applied, files: {}, questions: {}, drift: {}, faults: {}, recap: "web: done" },
  seats: [],
  ...rest,
});
const { diff, update, read } = configurationProvider as Required<typeof configurationProvider>;
const create = async (news: ConfigurationInputs) => (await configurationProvider.create(news)).outs;
/** What Pulumi saves of a failure. */
const failed = async (work: Promise<unknown>) =>
  (await work.catch((error: unknown) => error)) as Error & {
    id: string;
    reasons: string[];
    properties: ConfigurationState;
  };

describe("what is pending", () => {
  it("is each machine that is not as wanted, or was found to differ", () => {
    const olds = { applied: { web1: "a", web2: "a", web3: "a" }, drift: { web2: ["edited"] } };
    expect(pending(olds, { wanted: { web1: "a", web2: "a", web3: "b", web4: "b" } })).toEqual([
      "web2",
      "web3",
      "web4",
    ]);
  });

  it("is a change, of which a person is told once, and why, and in which order", async () => {
    answers = [{ ...outcome, order: "web2, then web1" }];
    const olds = state({ web1: "a", web2: "a" }, { drift: { web2: ["nginx is not active"] } });
    for (let i = 0; i < 2; i++) {
      expect(await diff("id", olds, inputs({ web1: "b", web2: "a" }))).toEqual({ changes: true });
    }
    expect(told.mock.calls.flat()).toEqual([
      "web: to be changed: web1; web2: nginx is not active",
      "web: in this order: web2, then web1",
    ]);
    expect(requests()).toMatchObject([{ mode: "plan", drifted: ["web2"] }]);
    expect(lock).not.toHaveBeenCalled();
  });

  it("of machines that come is begun without asking for an order: they come together", async () => {
    const known = { questions: { web1: { ssh, units: ["up"] } } };
    const olds = state({ web1: "a" }, known);
    await diff("id", olds, inputs({ web1: "a", web4: "a", web5: "a" }));
    expect(told.mock.calls.flat()).toEqual([
      "web: to be changed: web4; web5",
      "web: in this order: web4, web5 (new)",
    ]);
    expect(run).not.toHaveBeenCalled();
    // One that an earlier run could not configure is none of them: it may serve.
    answers = [{ ...outcome, order: "web1, then web6" }];
    await diff("id", state({}, known), inputs({ web1: "a", web6: "a" }));
    expect(requests()).toMatchObject([{ mode: "plan", todo: ["web1", "web6"] }]);
  });

  it("is a change also where nobody can say the order", async () => {
    run.mockRejectedValue(new Error("no machine answers"));
    const olds = state({ web1: "a" });
    expect(await diff("id", olds, inputs({ web1: "other" }))).toEqual({ changes: true });
    expect(told.mock.calls.flat()).toEqual(["web: to be changed: web1"]);
  });

  it("is nothing where all is as wanted; a machine that is gone is a change, and one that a preview does not know", async () => {
    const olds = state({ web1: "a", web2: "a" });
    expect(await diff("id", olds, inputs({ web1: "a", web2: "a" }))).toEqual({ changes: false });
    expect(await diff("id", olds, inputs({ web1: "a" }))).toEqual({ changes: true });
    const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9" as unknown as Record<string, string>;
    expect(await diff("id", olds, { ...inputs({}), wanted: unknown })).toEqual({ changes: true });
    expect([told.mock.calls, run.mock.calls]).toEqual([[], []]);
  });
});

describe("a first configuration", () => {
  it("is the program's, under the site's lock, and keeps what is there with the files' hashes", async () => {
    answers = [{ ...outcome, done: { web1: [file], web2: [] } }];
    const outs = await create(inputs({ web1: "a", web2: "b" }));
    expect(lock).toHaveBeenCalledWith([{ machine: "haproxy1", ssh: [] }]);
    expect(run.mock.calls[0]?.[0]).toBe("components/changeProgram.ts");
    expect(run.mock.calls[0]?.[2]).toBe(signal);
    expect(requests()).toEqual([
      { secret: "s3cret", todo: ["web1", "web2"], applied: [], drifted: [], mode: "first" },
    ]);
    expect(outs).toMatchObject({
      applied: { web1: "a", web2: "b" },
      files: { web1: { [file]: SHA.one }, web2: {} },
      recap: "web: done",
    });
    expect(JSON.stringify(outs)).not.toContain("s3cret");
  });

  it("of machines that turn out to serve waits for its turn", async () => {
    answers = [
      { ...outcome, waiting: true },
      { ...outcome, done: { web1: [] } },
    ];
    expect((await create(inputs({ web1: "a" }))).applied).toEqual({ web1: "a" });
    expect(requests().map(({ mode }) => mode)).toEqual(["first", "turn"]);
  });

  it("keeps the faults of machines that others do without, and does them again", async () => {
    answers = [{ ...outcome, done: { web1: [] }, faults: { web2: "no disk" } }];
    const wanted = inputs({ web1: "a", web2: "a" });
    const outs = await create(wanted);
    expect(outs).toMatchObject({ applied: { web1: "a" }, faults: { web2: "no disk" } });
    expect((await diff("id", outs, wanted)).changes).toBe(true);
  });

  it("waits until entry machines that leave have handed over, as the last run knew them", async () => {
    let handed = false;
    vi.mocked(shared.handOver).mockImplementation(async () => {
      await Promise.resolve();
      handed = true;
    });
    run.mockImplementation(() => {
      expect(handed).toBe(true);
      return Promise.resolve(JSON.stringify({ ...outcome, done: { web1: [] } }));
    });
    const news = inputs({ web1: "b" });
    const before = [...news.seats, { machine: "haproxy2", ssh: [] }];
    const { outs } = await update("id", state({ web1: "a" }, { seats: before }), news);
    expect(vi.mocked(shared.handOver).mock.lastCall?.slice(1)).toEqual([before, news.seats]);
    expect(outs).toMatchObject({ applied: { web1: "b" }, seats: news.seats });
  });

  it("of a gate does nothing: it is passed at once, and again for another incarnation", async () => {
    const outs = await create(inputs({ web1: "first" }, true));
    expect([outs.applied, run.mock.calls]).toEqual([{ web1: "first" }, []]);
    answers = [{ ...outcome, done: { web1: [] } }];
    await update("id", outs, inputs({ web1: "second" }, true));
    expect(requests()[0]).toMatchObject({ todo: ["web1"], mode: "turn" });
  });
});

describe("a change", () => {
  it("is of what is pending only, and in turn with all others", async () => {
    const olds = state(
      { web1: "a", web2: "a", gone: "a" },
      { files: { gone: {}, web2: { x: "1" } } },
    );
    answers = [{ ...outcome, done: { web1: [file] } }];
    const { outs } = await update("id", olds, inputs({ web1: "b", web2: "a" }));
    expect(requests()).toMatchObject([
      { todo: ["web1"], applied: ["web1", "web2", "gone"], mode: "turn" },
    ]);
    expect(outs.applied).toEqual({ web1: "b", web2: "a" });
    expect(outs.files).toEqual({ web1: { [file]: SHA.one }, web2: { x: "1" } });
  });

  it("that fails keeps what was done; the rest is done by the next run, also by one back to the old inputs", async () => {
    answers = [{ ...outcome, done: { web1: [] }, error: "web2: the daemon refused it" }];
    const olds = state({ web1: "a", web2: "a", web3: "a" });
    const error = await failed(update("id", olds, inputs({ web1: "b", web2: "b", web3: "b" })));
    expect(error).toMatchObject({
      message: "web2: the daemon refused it",
      id: "id",
      reasons: ["web2: the daemon refused it"],
    });
    expect(error.properties.applied).toEqual({ web1: "b" });
    const back = inputs({ web1: "a", web2: "a", web3: "a" });
    expect(pending(error.properties, back)).toEqual(["web1", "web2", "web3"]);
  });

  it("is none without the lock, and all of it is still to be done", async () => {
    lock.mockRejectedValue(new Error("the site is locked"));
    const error = await failed(update("id", state({ web1: "a" }), inputs({ web1: "b" })));
    expect([error.message, run.mock.calls, error.properties.applied]).toEqual([
      "the site is locked",
      [],
      {},
    ]);
  });

  it("does what was found to differ, and forgets that it did", async () => {
    const olds = state({ web1: "a" }, { drift: { web1: ["x was edited"] } });
    answers = [{ ...outcome, done: { web1: [] } }];
    const { outs } = await update("id", olds, inputs({ web1: "a" }));
    expect(requests()[0]).toMatchObject({ todo: ["web1"], drifted: ["web1"] });
    expect(outs.drift).toEqual({});
  });
});

describe("a run that is killed in the middle", () => {
  it("has told the site which tier it began; the end of it too, however it ended", async () => {
    answers = [outcome, { ...outcome, error: "web1: refused" }];
    await update("id", state({ web1: "a" }), inputs({ web1: "b" }));
    await failed(update("id", state({ web1: "a" }), inputs({ web1: "b" })));
    expect(kept).toEqual(["begin web", "end web", "begin web", "end web"]);
    run.mockRejectedValue(new Error("cut off"));
    await failed(update("id", state({ web1: "a" }), inputs({ web1: "b" })));
    expect(kept.slice(4)).toEqual(["begin web"]);
  });

  it("that only relieved a machine has not ended before its gate is passed", async () => {
    answers = [outcome, outcome];
    const relief = { ...inputs({ web1: "new" }, true), request: '{"relieveOnly":true}' };
    await update("id", state({ web1: "old" }), relief);
    expect(kept).toEqual(["begin web"]);
    await update("id", state({ web1: "old" }), inputs({ web1: "new" }, true));
    expect(kept.slice(1)).toEqual(["begin web", "end web"]);
  });

  it("is known to the next one, also with the old inputs: all machines of the tier are looked at", async () => {
    left.mockResolvedValue(["web", "galera"]);
    const olds = state({ web1: "a", web2: "a" });
    const back = inputs({ web1: "a", web2: "a" });
    answers = [outcome, { ...outcome, done: { web1: [], web2: [] } }];
    expect(await diff("id", olds, back)).toEqual({ changes: true });
    expect(told.mock.calls[0]).toEqual([
      "web: a change was begun and has not ended; all of its machines are looked at",
    ]);
    const { outs } = await update("id", olds, back);
    expect(requests()[1]).toMatchObject({ todo: ["web1", "web2"], drifted: [], mode: "turn" });
    expect(outs.applied).toEqual({ web1: "a", web2: "a" });
    // Other tiers, and gates, have nothing to do with it.
    const other = { ...back, tier: "redis" };
    expect(await diff("id", { ...olds, tier: "redis" }, other)).toEqual({ changes: false });
    expect(await diff("id", olds, { ...back, gate: true })).toEqual({ changes: false });
  });
});

describe("a refresh", () => {
  const looked = async (units: string[], files: Record<string, string>, with_ = ssh) => {
    const questions = { web1: { ssh: with_, units } };
    const { props } = await read("id", state({ web1: "a" }, { files: { web1: files }, questions }));
    return props.drift;
  };

  it("finds nothing on a machine that is as it was left", async () => {
    expect(await looked(["up"], { [file]: SHA.one })).toEqual({});
  });

  it("finds files that were edited or are gone, and units that do not run", async () => {
    writeFileSync(file, "two\n");
    expect(await looked(["up", "stopped"], { [file]: SHA.one, "/no/where": "1" })).toEqual({
      web1: [`${file} was edited`, "/no/where is gone", "stopped is not active"],
    });
  });

  it("takes a machine that does not answer for none that differs: its driver brings it back", async () => {
    expect(await looked(["up"], { [file]: "1" }, ["false"])).toEqual({});
  });
});

it("what a machine says of itself is read", () => {
  const sum = "a".repeat(64);
  const now = readLook(`${sum}  /etc/x\n==\nredis\n==\nmarked\n`);
  expect(now).toEqual({ files: { "/etc/x": sum }, stopped: ["redis"], marked: true });
  expect(differences({ "/etc/x": sum }, now)).toEqual([
    "redis is not active",
    "a change of it was cut off",
  ]);
  expect(readLook("==\n==\n")).toEqual({ files: {}, stopped: [], marked: false });
});
