/** 6. The web pool grows and shrinks while something is broken. */
import { readServers } from "../../components/entry/proxies";
import type { Case } from "../faults/cases";
import type { Cluster } from "../faults/cluster";
import { configure } from "../support/site";
import {
  config,
  failsWith,
  nothing,
  planned,
  services,
  takenBack,
  toTakeBack,
  up,
  USUAL,
  type Values,
} from "./steps";

const SIX: Values = { webReplicas: "6" };
const NEW = ["web3", "web4", "web5", "web6"];
/** One of the new nodes. */
const SICK = "web5";

/** Names of the web nodes of a pool of six that a HAProxy node sends requests for a service to. */
async function inRotation(c: Cluster, node: string, service: string): Promise<string[]> {
  const { stdout } = await c.ask(
    node,
    "echo 'show stat -1 4 -1' | socat - /run/haproxy/admin.sock",
  );
  const up = readServers(stdout).filter((s) => s.backend === service && s.up);
  const machines = planned(SIX).machines.web;
  return up.map((s) => machines.find((m) => m.address === s.address)?.name ?? s.address).sort();
}

/** @throws Error when others are in rotation */
async function expectInRotation(c: Cluster, node: string, wanted: string[]): Promise<void> {
  const found = await inRotation(c, node, "app");
  if (found.join() !== wanted.join()) {
    throw new Error(`in rotation on ${node}: ${found.join(", ")}; wanted: ${wanted.join(", ")}`);
  }
}

const ALL = ["web1", "web2", ...NEW];
const HAPROXY = ["haproxy1", "haproxy2"];

/** It never runs on one node. */
const sickOnOne = services("app", {
  start: `test "$NODE_NAME" != ${SICK} && exec node --max-old-space-size=64 portal.js app`,
});

const standby = async (c: Cluster): Promise<string> => {
  const holder = await c.holder("web");
  return HAPROXY.find((node) => node !== holder) ?? "";
};

export const scalingCases: Case[] = [
  {
    ...USUAL,
    name: "2 -> 6 -> 2 web nodes",
    fault: config(SIX),
  },
  {
    ...USUAL,
    name: "2 -> 6 -> 2 web nodes, one of the new ones sick",
    // On the present ones it runs as before.
    prepare: () =>
      toTakeBack(async () => {
        configure(sickOnOne);
        await up();
      }),
    fault: (c) =>
      toTakeBack(async () => {
        configure({ ...SIX, ...sickOnOne });
        await failsWith(new RegExp(`not well: ${SICK} \\(`), up);
        const well = ALL.filter((m) => m !== SICK);
        for (const node of HAPROXY) await expectInRotation(c, node, well);
        configure(SIX);
        await up();
        for (const node of HAPROXY) await expectInRotation(c, node, ALL);
      }),
  },
  {
    ...USUAL,
    name: "2 -> 6 -> 2 web nodes, the serving HAProxy node refuses ssh",
    fault: async (c) => {
      const [other, serving] = [await standby(c), await c.holder("web")];
      await c.inside(serving, "systemctl stop ssh");
      const back = async () => {
        await c.inside(serving, "systemctl start ssh");
        await takenBack();
      };
      try {
        configure(SIX);
        // Nobody can say who is on a node that nobody can ask.
        const reason = new RegExp(
          `${serving}.*; it may serve users, since the web VIP \\S+ is not on ${other}`,
        );
        await failsWith(reason, up);
        await expectInRotation(c, other, ALL);
        configure();
        await failsWith(reason, up);
        await expectInRotation(c, other, ALL);
        const on = await Promise.all(NEW.map(c.isOn));
        if (on.includes(false)) throw new Error("machines were stopped that may serve");
      } catch (error) {
        await back().catch(nothing);
        throw error;
      }
      return back;
    },
  },
  {
    ...USUAL,
    name: "2 -> 6 -> 2 web nodes, one HAProxy node off",
    prepare: async (c) => {
      const off = await standby(c);
      await c.killMachine(off);
      return () => c.startMachine(off);
    },
    fault: (c) =>
      toTakeBack(async () => {
        configure(SIX);
        await up();
        await expectInRotation(c, await c.holder("web"), ALL);
        configure();
        await up();
        await expectInRotation(c, await c.holder("web"), ["web1", "web2"]);
      }),
  },
];
