import { checkOf } from "../../haproxy/check";
import { patient, type Roll, type RunningSite, SERVICE_SECONDS } from "../../rollout/roll";
import { describeAnswer, Proxies } from "../entry/proxies";
import { missingInRotation, servedByNobodyElse } from "../entry/rotation";
import { webUnit } from "./units";

/** The services of the web nodes, all of which serve. */
export function roll(site: RunningSite): Roll {
  const { machines, outputs, progress } = site;
  const proxies = new Proxies(machines, outputs.vips.web);
  const addressOf = (machine: string) => outputs.addresses["web"]?.[machine] ?? "";
  const rotation = () =>
    Promise.all(
      proxies.nodes.map(async (node) => ({ node, servers: await proxies.servers(node) })),
    );
  return {
    parts: async () => {
      const servers = (await rotation()).flatMap((r) => r.servers);
      const members = machines.names("web");
      const own = (machine: string) => servers.filter((s) => s.address === addressOf(machine));
      // They lack nothing but the membership.
      const outside = members.filter((machine) => own(machine).length === 0);
      const sick = members.filter(
        (machine) => !outside.includes(machine) && !own(machine).some((s) => s.up),
      );
      return { members, sick, outside };
    },
    missing: async (but) => missingInRotation(await rotation(), outputs, but),
    takeOut: async (machine) => {
      const alone = servedByNobodyElse(await rotation(), machine, outputs);
      if (alone !== "") throw new Error(alone);
      const { drainSeconds } = outputs.webPool;
      const left = await proxies.drain(addressOf(machine), drainSeconds);
      if (left > 0) progress(`    ${left} sessions did not end within ${drainSeconds} s`);
    },
    restart: async (machine) => {
      await machines.run(machine, "systemctl restart 'hpc-web@*'", SERVICE_SECONDS);
    },
    fit: async (machine) => {
      const faults = await sickServices(site, machine, proxies);
      if (faults.length > 0) throw new Error(faults.join("; "));
    },
    takeBack: (machine) => proxies.ready(addressOf(machine), outputs.services),
  };
}

/**
 * Asks the services of a web node, from an entry node and as HAProxy does, until all are well.
 * @returns in words, which were not in time, and why
 */
async function sickServices(
  site: RunningSite,
  machine: string,
  proxies: Proxies,
): Promise<string[]> {
  const { machines, outputs } = site;
  const address = outputs.addresses["web"]?.[machine] ?? "";
  const asker = (await proxies.holder()) ?? proxies.nodes[0] ?? "";
  const ground = { webVip: outputs.vips.web, patience: outputs.failoverPatience };
  const services = Object.entries(outputs.services).map(([name, service]) => ({
    name,
    check: checkOf({ name, ...service }, address, ground),
  }));
  const checks = services.map(({ check }) => check);
  const sick = await proxies.probe(asker, checks, patient(site, SERVICE_SECONDS));
  return Promise.all(
    sick.map(async ({ what, why }) => {
      const found = services.find(({ check }) => check.url === what);
      const answer = describeAnswer(why, found?.check.status, asker);
      const unit = found && (await machines.ask(machine, whyNot(webUnit(found.name))))?.trim();
      return `${found?.name}: ${what} ${answer}${unit ? `; ${unit}` : ""}`;
    }),
  );
}

/**
 * Shell text: what a unit that does not run said last; nothing when it runs. Node.js says more after its error, Python does
 * not.
 */
const whyNot = (unit: string): string => `
state=$(systemctl is-active ${unit})
[ "$state" = active ] && exit
said=$(journalctl -q _SYSTEMD_UNIT=${unit}.service -n 30 -o cat)
last=$(echo "$said" | grep -E '^[A-Za-z.]*(Error|Exception)\\b' | tail -n 1)
echo "${unit} is $state: \${last:-$(echo "$said" | tail -n 1)}"`;
