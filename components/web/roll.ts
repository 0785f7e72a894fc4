import { until } from "../../lib/wait";
import { type Roll, type RunningSite, SERVICE_SECONDS } from "../../rollout/roll";
import { Proxies } from "../entry/proxies";
import { missingInRotation } from "../entry/rotation";

/** The services of the web nodes, all of which serve. */
export function roll({ machines, outputs, progress }: RunningSite): Roll {
  const proxies = new Proxies(machines, outputs.vips.web);
  const addressOf = (machine: string) => outputs.addresses["web"]?.[machine] ?? "";
  return {
    parts: async () => {
      const nodes = await Promise.all(proxies.nodes.map((node) => proxies.servers(node)));
      const serves = (machine: string) =>
        nodes.some((servers) => servers.some((s) => s.up && s.address === addressOf(machine)));
      const members = machines.names("web");
      return { members, sick: members.filter((machine) => !serves(machine)) };
    },
    missing: async () => {
      const faults = await Promise.all(
        proxies.nodes.map(async (node) =>
          missingInRotation(await proxies.servers(node), node, outputs),
        ),
      );
      return faults.find((text) => text !== "") ?? "";
    },
    takeOut: async (machine) => {
      const { drainSeconds } = outputs.webPool;
      const left = await proxies.drain(addressOf(machine), drainSeconds);
      if (left > 0) progress(`    ${left} sessions did not end within ${drainSeconds} s`);
    },
    restart: async (machine) => {
      await machines.run(machine, "systemctl restart 'hpc-web@*'", SERVICE_SECONDS);
    },
    fit: async (machine) => {
      const [asker = ""] = proxies.nodes;
      const urls = Object.values(outputs.services).map(
        ({ port, healthPath }) => `'http://${addressOf(machine)}:${port}${healthPath}'`,
      );
      const healthy = `for url in ${urls.join(" ")}; do curl -sf -o /dev/null -m 2 "$url" || exit 1; done`;
      await until(`all services of ${machine} answer ${asker}`, SERVICE_SECONDS, () =>
        machines.ask(asker, healthy, 30),
      );
    },
    takeBack: (machine) => proxies.ready(addressOf(machine)),
  };
}
