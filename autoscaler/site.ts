import type { Stack } from "../site/stack";
import { hpcHome } from "../lib/home";
import { projectRoot } from "../lib/project";
import { hashPassword } from "./console/passwords";
import type { ServiceSettings } from "./settings";

/** The size of the pool is not the autoscaler's. */
export class NotOurs extends Error {}

const named = (addresses: Record<string, string> = {}) =>
  Object.entries(addresses).map(([name, address]) => ({ name, address }));

/**
 * What the service is told of its site, from the stack's state: wherever it runs, it is what the last `pulumi up` left.
 * @throws NotOurs when the size of its pool is the config's; Error when there is no site
 */
export async function readSettings(stack: Stack): Promise<ServiceSettings> {
  const [outputs, record] = await Promise.all([stack.outputs(), stack.record()]);
  const { autoscaler, webPool, addresses, services, ssh } = outputs;
  // Outputs of a stack that is just being made are not there yet.
  if (webPool === undefined) throw new Error(`stack ${stack.name} has no machines yet`);
  if (!autoscaler) {
    throw new NotOurs(
      `stack ${stack.name}: autoscaler.enabled is false; the size of the pool is webReplicas`,
    );
  }
  const users = (["viewer", "operator"] as const).map(async (name) => ({
    name,
    role: name,
    passwordHash: await hashPassword(autoscaler.passwords[name]),
  }));
  const [, chain = "", key = ""] =
    /^([\s\S]*-----END CERTIFICATE-----\n)([\s\S]*)$/.exec(autoscaler.pem) ?? [];
  return {
    site: stack.prefix,
    stack: stack.name,
    projectRoot,
    home: hpcHome(),
    config: autoscaler.config,
    limits: { min: webPool.min, max: webPool.max },
    entry: named(addresses["entry"]),
    monitors: named(addresses["monitor"]),
    web: autoscaler.web,
    pool: Object.entries(record.machines)
      .filter(([, { tier }]) => tier === "web")
      .map(([name]) => name),
    backends: Object.keys(services),
    ports: autoscaler.ports,
    ssh,
    console: {
      address: new URL(outputs.console ?? "").hostname,
      users: await Promise.all(users),
      tls: { cert: chain, key },
    },
  };
}
