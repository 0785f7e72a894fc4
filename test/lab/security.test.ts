import { beforeAll, describe, expect, it } from "vitest";
import type { StackOutputs } from "../../site/stack";
import { machineHealth } from "../../site/health";
import { firewall } from "../../components/house";
import type { TierName } from "../../components/tiers";
import type { MachineAddress } from "../../lib/machines";
import { machinesOf } from "../../plan/outputs";
import { admits } from "../support/admits";
import { addressOf, ask, baseConfig, baseState, parsed, python } from "../support/site";

/** Adverts forged from each source to each target: three seconds, ten times what a takeover takes. */
const FORGED = 30;

let outputs: StackOutputs;
let machines: MachineAddress[];
beforeAll(async () => {
  outputs = await baseState();
  machines = machinesOf(outputs);
});
const site = parsed(baseConfig());

/** A socket that listens where the network can reach it. */
interface Listener {
  machine: string;
  tier: TierName;
  address: string;
  port: number;
}

/** What listens on a machine, at each of its addresses. */
async function listeners({ name, tier }: MachineAddress): Promise<Listener[]> {
  const { stdout } = await ask(outputs, name, "ip -o -4 address; ss -ltnH");
  const own = [...stdout.matchAll(/ inet ([\d.]+)\//g)].map((m) => m[1] ?? "");
  const network = own.filter((a) => !a.startsWith("127."));
  const sockets = [...stdout.matchAll(/^LISTEN +\d+ +\d+ +(\S+):(\d+) /gm)];
  const all = sockets.flatMap(([, host = "", port]) => {
    const any = ["0.0.0.0", "*", "[::]"].includes(host);
    return network
      .filter((address) => any || address === host)
      .map((address) => ({ machine: name, tier: tier as TierName, address, port: Number(port) }));
  });
  return [...new Map(all.map((l) => [`${l.address}:${l.port}`, l])).values()];
}

/** What came of connections from a machine: "open", "refused" or "silent". */
const connect = async (from: string, to: Listener[]) =>
  JSON.parse(
    await python(outputs, from, "connect", JSON.stringify(to.map((l) => [l.address, l.port]))),
  ) as string[];
const label = (l: Listener) => `${l.machine} ${l.address}:${l.port}`;

describe("every machine lets in only what its tier needs from whom it needs", () => {
  let all: Listener[];
  beforeAll(async () => {
    all = (await Promise.all(machines.map(listeners))).flat();
  });

  it("all that listens is open on its own machine, so that a refusal elsewhere proves something", async () => {
    const results = await Promise.all(
      machines.map(async ({ name }) => {
        const own = all.filter((l) => l.machine === name);
        return (await connect(name, own)).map((result, i) => [own[i], result] as const);
      }),
    );
    const closed = results.flat().filter(([, result]) => result !== "open");
    expect(closed).toEqual([]);
    // ssh and one more at least of every tier but the login machine.
    for (const tier of Object.keys(outputs.addresses)) {
      const ports = new Set(all.filter((l) => l.tier === tier).map((l) => l.port));
      expect([tier, ports.size >= (tier === "login" ? 1 : 2)]).toEqual([tier, true]);
    }
  });

  it.each(["client", "web1", "compute1"])("from %s", async (source) => {
    const others = all.filter((l) => l.machine !== source);
    const results = await connect(source, others);
    const rules = firewall(site);
    const from = addressOf(outputs, source);
    const told = others.map((l, i) => `${label(l)} ${results[i]}`);
    const wanted = others.map(
      (l) => `${label(l)} ${admits(rules, l.tier, l.port, from) ? "open" : "silent"}`,
    );
    expect(told.sort()).toEqual(wanted.sort());
    console.log(
      `    ${told.filter((t) => t.endsWith("open")).length} open, ${told.filter((t) => t.endsWith("silent")).length} silent`,
    );
  });
});

/** How much a machine has dropped. */
const dropped = async (machine: string) => {
  const { stdout } = await ask(outputs, machine, "nft list chain inet site input");
  return Number(/counter packets (\d+)/.exec(stdout)?.[1]);
};

describe("a machine on the subnet cannot take a VIP over", () => {
  it.each([
    ["entry", "web", site.vrrp.entryRouterId],
    ["controllers", "slurm", site.slurm.routerId],
  ] as const)("the one of %s, by forged adverts", async (tier, vip, router) => {
    const { vips } = outputs;
    const pair = Object.entries(outputs.addresses[tier] ?? {});
    const state = async () =>
      (await machineHealth(outputs)).filter((m) => m.tier === tier).map((m) => [m.name, m.vips]);
    const before = await state();
    expect(before.flatMap(([, held]) => held)).toContain(vip);
    const drops = await Promise.all(pair.map(([name]) => dropped(name)));
    const { stdout: since } = await ask(outputs, pair[0]?.[0] ?? "", "date +%s");
    // From its own address, and from that of each peer.
    const order = {
      router,
      addresses: vip === "web" ? [vips.web, vips.data] : [vips.slurm],
      sources: [addressOf(outputs, "client"), ...pair.map(([, address]) => address)],
      targets: pair.map(([, address]) => address),
      count: FORGED,
    };
    const sent = Number(await python(outputs, "client", "forgeVrrp", JSON.stringify(order)));
    expect(sent).toBe(FORGED * 4);
    expect(await state()).toEqual(before);
    for (const [i, [name]] of pair.entries()) {
      const log = `journalctl -q -o cat -u keepalived --since=@${since}`;
      expect([name, (await ask(outputs, name, log)).stdout]).toEqual([name, ""]);
      // They did arrive.
      expect((await dropped(name)) - (drops[i] ?? NaN)).toBeGreaterThanOrEqual(sent / 2);
    }
  });
});

describe("files with secrets are for those who need them", () => {
  const slurm = ["controllers", "compute", "login"];
  const files: [tiers: string[], files: string, mode: string][] = [
    [Object.keys(firewall(site).rules), "/etc/ssh/ssh_host_ed25519_key", "600 root:root"],
    [slurm, "/etc/munge/munge.key", "400 munge:munge"],
    [["controllers"], "/etc/slurm/slurmdbd.conf", "600 slurm:slurm"],
    [["controllers"], "/etc/slurm/fence.key", "600 root:root"],
    [["entry"], "/etc/haproxy/site.pem", "600 root:root"],
    [["entry"], "/etc/haproxy/haproxy.cfg", "640 root:haproxy"],
    [["redis"], "/etc/redis/{site,redis,sentinel}.conf", "640 redis:redis"],
    [["redis"], "/etc/redis/sentinel.seed", "640 redis:redis"],
    [["web"], "/opt/hpc-dashboard/*/.env", "640 root:www-data"],
  ];
  it.each(files)("of %s: %s", async (tiers, pattern, mode) => {
    const having = machines.filter((m) => tiers.includes(m.tier));
    expect(having.length).toBeGreaterThanOrEqual(tiers.length);
    const looks = having.map(async ({ name }) => {
      const { stdout } = await ask(outputs, name, `bash -c "stat -c '%a %U:%G' ${pattern}"`);
      expect([name, [...new Set(stdout.split("\n"))]]).toEqual([name, [mode]]);
    });
    await Promise.all(looks);
  });
});
