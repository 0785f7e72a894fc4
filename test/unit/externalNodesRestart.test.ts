/** `npx hpc restart externalNodes`: slurmd of the owner's machines, by the roll-out, against a cluster that is a script. */
import { beforeEach, describe, expect, it } from "vitest";
import type { Said } from "../../components/externalNodes/reach";
import { restartRoll } from "../../components/externalNodes/restart";
import type { ReachedHost } from "../../components/slurm/nodeSsh";
import { Journal } from "../../rollout/journal";
import type { RunningSite } from "../../rollout/roll";
import { rollOut } from "../../rollout/run";
import { inNoTime } from "../support/inNoTime";

interface Node {
  state: string;
  reason: string;
  jobs: string[];
  /** How often its slurmd began. */
  starts: number;
}
let nodes: Map<string, Node>;
/** What was done, in order. */
let log: string[];
/** What each machine says to its restart, after which its slurmd begins anew or not. */
let answers: Record<string, () => Said>;
let silent: boolean;
let kept: string;
const ok: Said = { kind: "done", lines: [] };
const away: Said = { kind: "away", why: "No route to host" };
const refusal: Said = { kind: "refused", why: "it is no node of a cluster" };

beforeEach(() => {
  [log, answers, silent, kept] = [[], {}, false, ""];
  nodes = new Map();
  for (const n of [1, 2, 3]) {
    nodes.set(`gpu${n}`, { state: "idle", reason: "none", jobs: [], starts: 1 });
  }
});
const node = (name: string): Node => {
  const found = nodes.get(name);
  if (!found) throw new Error(`no node ${name}`);
  return found;
};

/** A controller, as far as it is asked. */
function controller(text: string): string {
  const [, listed = ""] = /--nodes=(\S+)/.exec(text) ?? [];
  if (listed !== "") {
    const line = (n: string) => `${n} ${node(n).state} root ${node(n).reason}`;
    return listed.split(",").map(line).join("\n");
  }
  const [, of = ""] = /(?:nodename=|--nodelist=|show node )(\S+)/.exec(text) ?? [];
  const it = node(of);
  if (text.startsWith("squeue")) return it.jobs.join("\n");
  if (text.includes("show node")) return `   BootTime=None SlurmdStartTime=T${it.starts}\n`;
  log.push(`${text.includes("drain") ? "drain" : "resume"} ${of}`);
  if (text.includes("drain")) {
    [it.state, it.reason] = [it.jobs.length > 0 ? "draining" : "drained", "hpc-ha"];
  } else [it.state, it.reason] = [it.jobs.length > 0 ? "mixed" : "idle", "none"];
  return "";
}

const hosts = ["gpu1", "gpu2", "gpu3"].map((name): ReachedHost => ({
  ...{ name, address: "10.2.0.1", user: "admin", port: 22 },
  at: "slurm.nodeGroups.1.ssh",
}));

async function restart(): Promise<{ outcome: string; said: string }> {
  const said: string[] = [];
  const progress = (text: string) => void said.push(text);
  const asked: string[] = [];
  const run = (name: string, text: string) => {
    asked.push(name);
    if (silent || name === "slurm-m1") return Promise.reject(new Error(`${name}: no answer`));
    return Promise.resolve(controller(text));
  };
  const machines = { names: () => ["slurm-m1", "slurm-m2"], run };
  const site = { machines, progress } as unknown as RunningSite;
  const roll = restartRoll(site, hosts, ({ name }, text) => {
    expect(text).toContain("systemctl restart slurmd");
    log.push(`restart ${name}`);
    const answer = answers[name]?.() ?? ok;
    if (!answers[name]) node(name).starts += 1;
    return Promise.resolve(answer);
  });
  const tiers = ["externalNodes"];
  const rolled = inNoTime(() =>
    rollOut({
      ...{ rolls: { externalNodes: roll }, tiers, left: [], progress },
      journal: new Journal(kept, tiers, (text) => (kept = text)),
      mark: () => Promise.resolve(),
      clear: () => Promise.resolve(),
      ...{ gateSeconds: 0, lookSeconds: 0 },
    }),
  );
  const outcome = await rolled.then(
    () => "done",
    (error: Error) => error.message,
  );
  return { outcome, said: said.join("\n") };
}

describe("a restart of the owner's machines", () => {
  it("drains one, restarts its slurmd, gives it back, and goes on to the next", async () => {
    expect((await restart()).outcome).toBe("done");
    const each = (n: number) => [`drain gpu${n}`, `restart gpu${n}`, `resume gpu${n}`];
    expect(log).toEqual([...each(1), ...each(2), ...each(3)]);
  });

  it("is never under a job: those without come first, and it stops at one with, which drains", async () => {
    Object.assign(node("gpu1"), { state: "mixed", jobs: ["17", "18"] });
    const { outcome } = await restart();
    expect(outcome).toMatch(/gpu1: it drains, and these jobs run on it: 17, 18\. When they have/);
    expect(log.filter((l) => l.startsWith("restart"))).toEqual(["restart gpu2", "restart gpu3"]);
    expect(node("gpu1").state).toBe("draining");
    // The same command again, when they have ended.
    Object.assign(node("gpu1"), { state: "drained", jobs: [] });
    log = [];
    expect((await restart()).outcome).toBe("done");
    expect(log).toEqual(["drain gpu1", "restart gpu1", "resume gpu1"]);
    expect(node("gpu1").state).toBe("idle");
  });

  it("leaves those alone on which Slurm does not count, and names them", async () => {
    Object.assign(node("gpu2"), { state: "down*" });
    const { outcome, said } = await restart();
    expect(outcome).toBe("done");
    expect(said).toContain("left alone: gpu2 (down*)");
    expect(log.join()).not.toContain("gpu2");
  });

  it("keeps what a person has drained drained", async () => {
    Object.assign(node("gpu1"), { state: "drained", reason: "disk makes noises" });
    expect((await restart()).outcome).toBe("done");
    expect(log).toContain("restart gpu1");
    expect(log).not.toContain("resume gpu1");
    expect(node("gpu1").reason).toBe("disk makes noises");
  });

  it.each([
    ["cannot be got to", away, /gpu1: No route/],
    ["refuses", refusal, /gpu1: it is no node/],
    ["says yes, and whose slurmd does not come up", ok, /slurmd of gpu1 to report/],
  ])("stops at one that %s, and goes on there", async (_, answer, why) => {
    answers["gpu1"] = () => answer;
    const { outcome } = await restart();
    expect(outcome).toMatch(why);
    expect(log).toEqual(["drain gpu1", "restart gpu1"]);
    [answers, log] = [{}, []];
    expect((await restart()).outcome).toBe("done");
    expect(log.filter((l) => l.startsWith("restart"))).toHaveLength(3);
    expect(node("gpu1").state).toBe("idle");
  });

  it("does nothing when no controller says how they are", async () => {
    silent = true;
    expect((await restart()).outcome).toMatch(/slurm-m2: no answer\nNothing was restarted\.$/);
    expect(log).toEqual([]);
  });
});
