/** Machines of the owner's as Pulumi's resource: what is done, what is kept of it, and what fails. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { State } from "../../components/externalNodes/plan";
import { externalNodesProvider } from "../../components/externalNodes/provider";
import * as reach from "../../components/externalNodes/reach";
import type { Reach, Said } from "../../components/externalNodes/reach";
import * as shared from "../../components/providerProcess";
import type { ReachedHost } from "../../components/slurm/nodeSsh";

vi.mock("../../components/providerProcess", async (original) => ({
  ...(await original<typeof import("../../components/providerProcess")>()),
  ...{ siteLock: vi.fn(), ask: vi.fn(), leaveWithPulumi: vi.fn(), leftBegun: vi.fn() },
}));
vi.mock("../../components/externalNodes/reach", { spy: true });

const {
  diff,
  create,
  update,
  read,
  delete: remove,
} = externalNodesProvider as Required<typeof externalNodesProvider>;
const host = (n: number): ReachedHost => ({
  ...{ name: `gpu${n}`, address: `10.2.0.${n}`, user: "root", port: 22, hostKey: "k" },
  at: "slurm.nodeGroups.1.ssh",
});
const id = (n: number) => `gpu${n} 10.2.0.${n}`;
const addresses = { controllers: { "slurm-m1": "192.0.2.10" }, compute: {}, login: {} };
const vips = { slurm: "192.0.2.100", web: "", data: "" };
const inputs = (numbers: number[], what = "new") => ({
  wanted: Object.fromEntries(numbers.map((n) => [id(n), what])),
  request: JSON.stringify({
    hosts: numbers.map(host),
    there: numbers.map(id),
    told: { site: { addresses, vips }, scripts: {}, read: [] },
    ownKeyFile: "/key",
  }),
  controllers: [{ machine: "slurm-m1", ssh: ["m1"] }],
  seats: [],
});

/** What each machine says; words of those that were asked for nothing but a look are "check". */
let answers: Record<string, (words: string) => Said>;
let did: string[];
/** What the site is told to keep of what was begun. */
let kept: string[];
/** Names in slurm.conf. */
let inForce: number[];
const ok = (...lines: string[]): Said => ({ kind: "done", lines });
const away: Said = { kind: "away", why: "No route to host" };

beforeEach(() => {
  [answers, did, kept, inForce] = [{}, [], [], [1, 2, 3]];
  vi.mocked(shared.leftBegun).mockResolvedValue([]);
  vi.spyOn(console, "error")
    .mockReset()
    .mockImplementation(() => undefined);
  vi.mocked(shared.siteLock).mockResolvedValue({
    signal: new AbortController().signal,
    begin: (what: string) => kept.push(`begin ${what}`),
    end: (what: string) => kept.push(`end ${what}`),
  } as unknown as Awaited<ReturnType<typeof shared.siteLock>>);
  vi.mocked(shared.ask).mockImplementation((_ssh, text) => {
    if (text.startsWith("sinfo")) return Promise.resolve("");
    const nodes = inForce.map((n) => `NodeName=gpu${n} NodeAddr=10.2.0.${n} CPUs=2`);
    const config = ["ClusterName=hpc", "SlurmdPort=6818", "SlurmctldPort=6817", ...nodes];
    const parts = {
      identity: "hpc 1",
      mungeKey: "a2V5",
      config: config.join("\n"),
      version: "slurm 22.05.8",
    };
    return Promise.resolve(
      Object.entries(parts)
        .map(([name, said]) => `\n==> ${name}\n${said}\n`)
        .join(""),
    );
  });
  const fake: Reach = ({ name }, text, words) => {
    const what = text.includes("left the cluster") ? "leave" : (words[0] ?? "join");
    did.push(`${what} ${name}`);
    return Promise.resolve(answers[name]?.(what) ?? ok(...(what === "check" ? ["new"] : [])));
  };
  vi.mocked(reach.reaching).mockImplementation((_key, _signal, work) => work(fake));
});
const said = () => vi.mocked(console.error).mock.calls.flat().join("\n");
const made = async (numbers: number[]) => (await create(inputs(numbers))).outs;

describe("machines of the owner's", () => {
  it("are made nodes once", async () => {
    const state = await made([1, 2]);
    expect(did.sort()).toEqual(["check gpu1", "check gpu2", "join gpu1", "join gpu2"]);
    expect(state.applied).toEqual({ [id(1)]: "new", [id(2)]: "new" });
    expect((await diff("x", state, inputs([1, 2]))).changes).toBe(false);
    did = [];
    await update("x", state, inputs([1, 2]));
    expect(did).toEqual([]);
  });

  it("that are away wait for the next run, which is a change", async () => {
    answers["gpu1"] = () => away;
    const state = await made([1, 2]);
    expect(said()).toMatch(/nobody got to these machines.*\n {2}gpu1: No route/);
    expect(state.applied).toEqual({ [id(2)]: "new" });
    expect((await diff("x", state, inputs([1, 2]))).changes).toBe(true);
  });

  it("that refuse fail the run, which keeps what was done of the others", async () => {
    answers["gpu1"] = () => ({ kind: "refused", why: "slurmd is of Slurm 24.11" });
    const failed = (await create(inputs([1, 2])).catch((error: unknown) => error)) as Error & {
      properties: State;
    };
    expect(failed.message).toMatch(/not as they should be:\n {2}gpu1: slurmd is of Slurm 24.11$/);
    expect(failed.properties.applied).toEqual({ [id(2)]: "new" });
    did = [];
    answers = {};
    const { applied } = (await update("x", failed.properties, inputs([1, 2]))).outs;
    expect(did).toEqual(["check gpu1", "join gpu1"]);
    expect(Object.keys(applied).sort()).toEqual([id(1), id(2)]);
  });

  it("are all looked at after a run that was killed, which the state knows nothing of", async () => {
    const state = await made([1, 2]);
    expect(kept).toEqual(["begin externalNodes", "end externalNodes"]);
    vi.mocked(shared.leftBegun).mockResolvedValue(["externalNodes"]);
    answers = { gpu1: () => ok(), gpu2: () => ok("/etc/hosts") };
    did = [];
    expect((await diff("x", state, inputs([1, 2]))).changes).toBe(true);
    const { applied } = (await update("x", state, inputs([1, 2]))).outs;
    expect(did.sort()).toEqual(["check gpu1", "check gpu2", "join gpu2"]);
    expect(applied).toEqual(state.applied);
  });

  it("leave when slurm.conf does not name them any more, and not before", async () => {
    const state = await made([1, 2]);
    did = [];
    const still = (await update("x", state, inputs([2]))).outs;
    expect(did).toEqual([]);
    inForce = [2];
    const { leaving } = (await update("x", still, inputs([2]))).outs;
    expect([did, leaving]).toEqual([["leave gpu1"], "{}"]);
  });

  it("leave later when they are away now, by the way that was known", async () => {
    const state = await made([1, 2]);
    [did, inForce] = [[], [2]];
    answers["gpu1"] = () => away;
    const waiting = (await update("x", state, inputs([2]))).outs;
    expect(said()).toMatch(/no nodes any more.*\n {2}gpu1 10.2.0.1: No route/);
    expect((await diff("x", waiting, inputs([2]))).changes).toBe(true);
    answers = {};
    const gone = (await update("x", waiting, inputs([2]))).outs;
    expect(did).toEqual(["leave gpu1", "leave gpu1"]);
    expect((await diff("x", gone, inputs([2]))).changes).toBe(false);
  });

  it("are known by another key from then on, and nothing is done to them for it", async () => {
    const state = await made([1]);
    const news = inputs([1]);
    news.request = news.request.replace('"user":"root"', '"user":"adm"');
    did = [];
    expect((await diff("x", state, news)).changes).toBe(true);
    expect((await update("x", state, news)).outs.request).toContain('"adm"');
    expect(did).toEqual([]);
  });

  it("are looked at by a refresh, which finds what was changed by hand", async () => {
    const state = await made([1, 2, 3]);
    answers = { gpu1: () => ok("/etc/hosts"), gpu2: () => ok(), gpu3: () => away };
    const { props } = await read("x", state);
    expect(props.drift).toEqual({ [id(1)]: ["/etc/hosts"] });
    expect((await diff("x", props, inputs([1, 2, 3]))).changes).toBe(true);
    expect(said()).toContain("to be changed: gpu1: /etc/hosts");
  });

  it("are none any more when the site is destroyed, and who is away keeps nobody from that", async () => {
    const state = await made([1, 2]);
    did = [];
    answers["gpu1"] = () => away;
    await remove("x", state);
    expect(did.sort()).toEqual(["leave gpu1", "leave gpu2"]);
    expect(said()).toMatch(/still have what made them nodes.*\n {2}gpu1/);
  });
});
