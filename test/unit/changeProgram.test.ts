/** What is done to which machines of a tier, and in which order: components/changeProgram.ts without machines. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import { changeMachines } from "../../components/changeProgram";
import type { ChangeRequest } from "../../components/changeRequest";
import { rollsOf } from "../../components/rolls";
import { Machines } from "../../lib/machines";
import { runPlaybook } from "../../programs/ansible";
import type { HostOutcome } from "../../programs/ansibleEvents";
import type { Roll } from "../../rollout/roll";
import { facts } from "../support/fleet";
import { inNoTime } from "../support/inNoTime";
import { HandingOver, MemoryTier } from "../support/memoryTier";

vi.mock("../../programs/ansible", async (original) => ({
  ...(await original<typeof import("../../programs/ansible")>()),
  runPlaybook: vi.fn(),
}));
vi.mock("../../components/rolls", async (original) => ({
  ...(await original<typeof import("../../components/rolls")>()),
  rollsOf: vi.fn(),
}));
const { execa } = vi.hoisted(() => ({ execa: vi.fn() }));
vi.mock("execa", () => ({ default: execa }));

const web = ["web1", "web2", "web3"];
/** What happened, in order. */
let log: string[];
/** What a playbook does to a machine; default: it changes the settings. */
let does: Record<string, Partial<HostOutcome>>;
/** What the units of a machine are. Default: active. */
let units: Record<string, string>;
/** Machines with a mark of a change that was cut off. */
let marked: Set<string>;
/** Machines that are others at their next start. */
let outdated: string[];
let roll: Roll & MemoryTier;

beforeEach(() => {
  [log, does, units, marked, outdated] = [[], {}, {}, new Set(), []];
  roll = new MemoryTier(log, web);
  vi.mocked(rollsOf).mockImplementation(() => ({ web: roll }));
  vi.mocked(runPlaybook).mockImplementation((_, { limit = web, check = false }) => {
    log.push(`${check ? "look at" : "play"} ${limit.join(" ")}`);
    const hosts = new Map(
      limit.map((m): [string, HostOutcome] => [
        m,
        { changed: ["web : Write its settings"], files: [`/etc/${m}`], ...does[m] },
      ]),
    );
    const failure = [...hosts].flatMap(([m, h]) =>
      h.failure === undefined ? [] : `${m}: ${h.failure}`,
    );
    return Promise.resolve({ hosts, ok: failure.length === 0, failure });
  });
  // Shell text, as far as the program uses it.
  const answer = (name: string, command: string) => {
    if (command.startsWith("mkdir")) marked.add(name);
    else if (command.startsWith("rm -f")) marked.delete(name);
    else if (command.startsWith("if [ -n"))
      return marked.has(name) ? "active" : (units[name] ?? "active");
    else if (command.startsWith("if [ -e")) return marked.has(name) ? "marked\n" : "";
    return "";
  };
  vi.spyOn(Machines.prototype, "run").mockImplementation((name, command) =>
    Promise.resolve(answer(name, command)),
  );
  execa.mockReset().mockImplementation((_file: string, [machine = "", what = ""]: string[]) => {
    if (what === "cycle") log.push(`cycle ${machine}`);
    return Promise.resolve({ stdout: outdated.includes(machine) ? "outdated" : "" });
  });
});

const request: ChangeRequest = {
  tier: "web",
  run: { playbook: "web.yml", inventory: "", vars: {}, knownHosts: "", sshKeyFile: "/key" },
  units: ["hpc-web@app"],
  site: { ...facts, addresses: { web: Object.fromEntries(web.map((m) => [m, m])) } },
  knownHosts: "",
  power: Object.fromEntries(web.map((m) => [m, ["power", m]])),
  relieveOnly: false,
  todo: web,
  applied: web,
  drifted: [],
  mode: "turn",
};
const change = (changes: Partial<ChangeRequest> = {}) =>
  changeMachines({ ...request, ...changes }, () => undefined, new AbortController().signal);
const files = (...machines: string[]) =>
  Object.fromEntries(machines.map((m) => [m, [`/etc/${m}`]]));
const one = (m: string) => [`takeOut ${m}`, `play ${m}`, `takeBack ${m}`];

describe("machines that were never configured", () => {
  const fresh = (changes: Partial<ChangeRequest> = {}) => {
    for (const m of web) units[m] = "inactive";
    return change({ applied: [], mode: "first", ...changes });
  };

  it("are configured all at once, without a look before", async () => {
    expect(await fresh()).toEqual({ done: files(...web), faults: {}, waiting: false });
    expect(log).toEqual(["play web1 web2 web3"]);
  });

  it("do without one that cannot be, where each is for itself; not where they are a set", async () => {
    does["web2"] = { failure: "no disk" };
    const borne = { done: files("web1", "web3"), faults: { web2: "no disk" }, waiting: false };
    expect(await fresh()).toEqual(borne);
    expect(
      await fresh({ tier: "redis", site: { ...request.site, addresses: { redis: { web1: "" } } } }),
    ).toEqual({
      ...borne,
      error: "web2: no disk",
    });
    for (const m of web) does[m] = { failure: "no disk" };
    expect((await fresh()).error).toContain("web1: no disk");
  });

  it("are told from those that serve: these wait for their turn, and nothing is done to them", async () => {
    units["web3"] = "inactive";
    const outcome = await change({ applied: [], mode: "first" });
    expect(outcome).toEqual({ done: files("web3"), faults: {}, waiting: true });
    expect(log).toEqual(["play web3"]);
  });

  it("come last where the present ones must know of them before", async () => {
    const pair = { haproxy1: "haproxy1", haproxy2: "haproxy2" };
    roll = new MemoryTier(log, Object.keys(pair));
    vi.mocked(rollsOf).mockImplementation(() => ({ entry: roll }));
    units["haproxy2"] = "inactive";
    const grown: Partial<ChangeRequest> = {
      tier: "entry",
      site: { ...facts, addresses: { entry: pair } },
      todo: Object.keys(pair),
      applied: ["haproxy1"],
    };
    const order = "haproxy1, then haproxy2 (new)";
    expect(await change({ ...grown, mode: "plan" })).toMatchObject({ order });
    expect(await change({ ...grown, mode: "first" })).toMatchObject({ done: {}, waiting: true });
    expect(log).toEqual([]);
    expect(await change(grown)).toMatchObject({ done: files("haproxy1", "haproxy2") });
    expect(log).toEqual(["look at haproxy1", ...one("haproxy1"), "play haproxy2"]);
    // Where they are all new there is nobody to be told.
    [log.length, units["haproxy1"]] = [0, "inactive"];
    await change({ ...grown, applied: [], mode: "first" });
    expect(log).toHaveLength(1);
    expect(vi.mocked(runPlaybook).mock.lastCall?.[1]).not.toHaveProperty("limit");
  });

  it("are told from one that a change left half-way", async () => {
    units["web1"] = "inactive";
    marked.add("web1");
    expect(await change({ applied: [], mode: "first" })).toMatchObject({ waiting: true });
    expect(log).toEqual([]);
  });
});

describe("machines that serve", () => {
  it("are looked at first, and those that stay as they are are left alone", async () => {
    does["web1"] = does["web3"] = { changed: [] };
    expect(await change()).toEqual({ done: files(...web), faults: {}, waiting: false });
    expect(log).toEqual(["look at web1 web2 web3", ...one("web2")]);
  });

  it("are changed one at a time, each out of service meanwhile", async () => {
    await change();
    expect(log).toEqual(["look at web1 web2 web3", ...web.flatMap(one)]);
    expect([...marked]).toEqual([]);
  });

  it("keep their clients where only what role base keeps is another", async () => {
    const changed = ["base : Write the firewall's rules", "node_exporter : Install the units"];
    for (const m of web) does[m] = { changed };
    await change();
    expect(log).toEqual(["look at web1 web2 web3", ...web.map((m) => `play ${m}`)]);
  });

  it("that nobody reaches get what only role base keeps all the same: it may be why", async () => {
    for (const m of web) {
      roll.sick.add(m);
      does[m] = { changed: ["base : Load the firewall"] };
    }
    // They are well, and told by name that they are not: HAProxy does not reach them.
    const usual = vi.mocked(runPlaybook).getMockImplementation();
    vi.mocked(runPlaybook).mockImplementation((run, options) => {
      if (options.check !== true) for (const m of options.limit ?? web) roll.sick.delete(m);
      return usual?.(run, options) ?? Promise.reject(new Error());
    });
    roll.missing = () => Promise.resolve([...roll.sick].map((m) => `${m} is not reached`).join());
    expect(await inNoTime(() => change())).toEqual({
      done: files(...web),
      faults: {},
      waiting: false,
    });
    expect(log).toEqual(["look at web1 web2 web3", ...web.map((m) => `play ${m}`)]);
  });

  describe("of a tier that takes its settings in place", () => {
    beforeEach(() => {
      roll = Object.assign(roll, { inPlace: ["settings"] as const });
    });

    it("keep their clients, and one look tells enough of all", async () => {
      expect(await change()).toMatchObject({ done: files(...web) });
      expect(log).toEqual(["look at web1", ...web.map((m) => `play ${m}`)]);
    });

    it("are all looked at where the first one stays as it is, or only what role base keeps is another", async () => {
      does["web1"] = { changed: [] };
      expect(await change()).toMatchObject({ done: files(...web) });
      expect(log).toEqual(["look at web1", "look at web2 web3", "play web2", "play web3"]);
      log.length = 0;
      does["web1"] = { changed: ["base : Load the firewall"] };
      await change();
      expect(log).toEqual(["look at web1", "look at web2 web3", ...web.map((m) => `play ${m}`)]);
    });

    it("are untouched where the first one would refuse it", async () => {
      does["web1"] = { failure: "the daemon would refuse it" };
      expect(await change()).toMatchObject({ done: {}, error: "web1: the daemon would refuse it" });
      expect(log).toEqual(["look at web1"]);
    });
  });

  it("are untouched where the look fails", async () => {
    does["web2"] = { failure: "the daemon would refuse it" };
    const outcome = await change();
    expect(outcome).toMatchObject({ done: {}, error: "web2: the daemon would refuse it" });
    expect(log).toEqual(["look at web1 web2 web3"]);
  });

  it("are untouched where their tier could not serve as it is to be", async () => {
    roll = Object.assign(roll, { objections: () => Promise.resolve("app: answers 404") });
    expect(await change()).toMatchObject({
      done: {},
      error: "app: answers 404\nNothing was changed.",
    });
    expect(log).toEqual(["look at web1 web2 web3"]);
  });

  it("stop at the first whose change fails: what was done counts, and the mark stays on that one", async () => {
    for (const m of web) does[m] = { changed: ["web : Write"] };
    const usual = vi.mocked(runPlaybook).getMockImplementation();
    vi.mocked(runPlaybook).mockImplementation(async (run, options) => {
      if (options.check !== true && options.limit?.[0] === "web2")
        does["web2"] = { failure: "refused" };
      return (await usual?.(run, options)) ?? Promise.reject(new Error());
    });
    const { done, error } = await change();
    expect(done).toEqual(files("web1"));
    expect(error).toBe(
      "web2: web2: refused\nChanged: web1, web2; the machines after it were not touched.",
    );
    expect([...marked]).toEqual(["web2"]);
  });

  it("that were changed by hand, or left half-way, are done without a look, and first where they may be why", async () => {
    marked.add("web3");
    does["web1"] = { changed: [] };
    roll.sick.add("web3");
    roll.mends.add("web3");
    const mend = vi.mocked(runPlaybook).getMockImplementation();
    vi.mocked(runPlaybook).mockImplementation((run, options) => {
      if (options.limit?.[0] === "web3") roll.sick.delete("web3");
      return mend?.(run, options) ?? Promise.reject(new Error());
    });
    expect(await change({ drifted: ["web2"] })).toMatchObject({ done: files(...web) });
    // web2 is a suspect as well: it was changed by hand.
    expect(log).toEqual(["look at web1", ...one("web2"), ...one("web3")]);
  });

  it("start anew where they are other machines, and only those", async () => {
    for (const m of web) does[m] = { changed: [] };
    outdated = ["web2"];
    await change();
    expect(log).toEqual([
      "look at web1 web2 web3",
      ...["takeOut web2", "cycle web2", "play web2", "takeBack web2"],
    ]);
  });

  it("are changed together where nothing is known of how they are rolled", async () => {
    vi.mocked(rollsOf).mockReturnValue({});
    expect(await change()).toMatchObject({ done: files(...web) });
    expect(log).toEqual(["look at web1 web2 web3", "play web1 web2 web3"]);
  });
});

describe("before anything is done", () => {
  it("says in which order, and does nothing", async () => {
    roll = new HandingOver(log, web, "web1");
    units["web3"] = "inactive";
    expect(await change({ mode: "plan", applied: ["web1", "web2"] })).toMatchObject({
      order: "web3 (new), then web2, then web1 (serves now: hands its part over first)",
      done: {},
    });
    expect(log).toEqual([]);
  });
});

describe("a machine that is about to be made anew", () => {
  const relieve = (...todo: string[]) => change({ relieveOnly: true, todo });

  it("is relieved and taken out, and nothing else is done to it", async () => {
    roll = new HandingOver(log, web, "web2");
    expect(await relieve("web2")).toEqual({ done: { web2: [] }, faults: {}, waiting: false });
    expect(log).toEqual(["relieve web2", "takeOut web2"]);
  });

  it("has nobody to be relieved of where it serves nobody", async () => {
    roll.silent = true;
    roll.sick.add("web2");
    expect((await relieve("web2")).error).toBeUndefined();
    expect(log).toEqual([]);
  });

  it("stays where its tier cannot spare it", async () => {
    roll.sick.add("web3");
    const { error } = await inNoTime(() => relieve("web2"));
    expect(error).toBe("web is not whole after 5 s: web3 is sick");
    expect(log).toEqual([]);
  });
});
