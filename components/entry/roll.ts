import { checkOf, type Sick } from "../../haproxy/check";
import { until } from "../../lib/wait";
import { patient, type Roll, type RunningSite, SERVICE_SECONDS } from "../../rollout/roll";
import { describeAnswer, Proxies } from "./proxies";
import { lackedByOne } from "./rotation";

const UNITS = "systemctl is-active haproxy keepalived; true";
const ACTIVE = "active\nactive";
/** Longest wait for a service that is up to answer another check, s. */
const TRY_SECONDS = 5;
/** Longest wait for the VIPs to be on the other node, which takes a fifth of a second, s. */
const GIVE_UP_SECONDS = 10;
/** Checks in one command: 100 bytes each, and the kernel's limit is 128 KiB. */
const BATCH = 200;

/** HAProxy and keepalived on the entry nodes; the holder is who has the VIPs. */
export function roll(site: RunningSite): Roll {
  const { machines, outputs } = site;
  const proxies = new Proxies(machines, outputs.vips.web);
  const members = proxies.nodes;
  return {
    parts: async () => {
      const holder = await proxies.holder();
      const states = await Promise.all(
        members.map(async (node) => ({ node, units: await machines.ask(node, UNITS) })),
      );
      const sick = states.filter(({ node, units }) => node !== holder && units?.trim() !== ACTIVE);
      return { members, holder, sick: sick.map(({ node }) => node) };
    },
    missing: async (but) => {
      if ((await proxies.holder()) === undefined) return "nobody, or more than one, holds the VIPs";
      const nodes = await Promise.all(
        members.map(async (node) => {
          const units = (await machines.run(node, UNITS)).trim();
          if (units === ACTIVE) return [{ node, servers: await proxies.servers(node) }];
          // A new one does not run yet.
          if (but?.includes(node)) return [];
          return [`${node}: haproxy and keepalived are ${units.split("\n").join(" and ")}`];
        }),
      );
      const told = nodes.flat();
      const rotation = told.filter((n) => typeof n !== "string");
      return told.find((n) => typeof n === "string") ?? lackedByOne(rotation, outputs, but);
    },
    objections: () => unanswered(site, proxies),
    relieve: async (machine) => {
      const handover = machines.run(machine, "haproxy-handover", patient(site, SERVICE_SECONDS));
      await handover.catch(async ({ message }: Error) => {
        // What is missing there is what the change brings.
        site.progress(
          `    ${message}: the VIPs go without being announced, and connections are cut`,
        );
        await giveUp(site, proxies, machine);
      });
    },
    restart: async (machine) => {
      await machines.run(machine, "systemctl restart haproxy keepalived", SERVICE_SECONDS);
    },
  };
}

/**
 * Has keepalived of a node say that it ends, which the other node hears at once, and stand by when it is there again.
 * @throws Error when the other node does not take the VIPs
 */
async function giveUp(site: RunningSite, proxies: Proxies, machine: string): Promise<void> {
  const moved = async () => ![undefined, machine].includes(await proxies.holder());
  if (await moved()) return;
  await site.machines.run(machine, "systemctl restart keepalived", SERVICE_SECONDS);
  await until(`the VIPs are not on ${machine}`, patient(site, GIVE_UP_SECONDS), moved);
}

/**
 * Asks everything that is up as HAProxy will, from the node that serves: a check that what runs does not answer would take
 * all of it out.
 * @returns what answered how, and what to do; "" when all do
 */
async function unanswered({ outputs }: RunningSite, proxies: Proxies): Promise<string> {
  const { services, vips, failoverPatience: patience } = outputs;
  const holder = await proxies.holder();
  if (holder === undefined) return "";
  const asked = async () =>
    (await proxies.servers(holder)).flatMap(({ backend: name, address, port, up }) => {
      const service = services[name];
      if (!up || !service) return [];
      const check = checkOf({ ...service, name, port }, address, { webVip: vips.web, patience });
      return [{ name, check }];
    });
  const checks = (await asked()).map(({ check }) => check);
  const silent: Sick[] = [];
  for (let i = 0; i < checks.length && silent.length === 0; i += BATCH) {
    const some = checks.slice(i, i + BATCH);
    silent.push(...(await proxies.probe(holder, some, TRY_SECONDS * patience)));
  }
  // One that is not up any more does not answer HAProxy's present check either.
  const up = silent.length > 0 ? await asked() : [];
  const faults = new Map<string, string>();
  for (const { what, why } of silent) {
    const found = up.find(({ check }) => check.url === what);
    // Of many nodes one tells it all.
    if (!found || faults.has(found.name)) continue;
    const answer = describeAnswer(why, found.check.status, holder);
    faults.set(found.name, `${found.name}: ${what} ${answer}`);
  }
  if (faults.size === 0) return "";
  return (
    `${[...faults.values()].join("; ")}. HAProxy would take them out: what runs must answer another check before it is asked. ` +
    "First a release that answers both, then healthPath, healthHost, healthStatus or checkSeconds"
  );
}
