import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import * as yaml from "js-yaml";
import { Stack, type StackOutputs } from "../../cli/stack";
import { parseConfig, type SiteConfig } from "../../plan/config";
import { plan } from "../../plan/topology";
import { projectRoot } from "../../lib/project";

/** The suite's own stack; its network is another than the lab's, so both can run beside each other. */
export const stack = new Stack("test", (text) => console.log(text));
const CIDR = "198.18.2.0/24";
/** Long enough to tell a drain from a cut, short enough to wait for, s. */
export const DRAIN_SECONDS = 8;

type Values = Record<string, unknown>;

/**
 * The lab's config on another network. The machine `client` may do more than in the lab: the fault suite writes from
 * it to the data entries, and watches the Slurm VIP by the greeting of ssh.
 */
export function baseConfig(): Values {
  const lab = fs.readFileSync(path.join(projectRoot, "Pulumi.lab.yaml"), "utf8");
  const { config } = yaml.load(lab) as { config: Record<string, Values> };
  const values: Values = Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.replace(/^hpc-ha:/, ""), value]),
  );
  const web = { ...config["hpc-ha:web"], drainSeconds: DRAIN_SECONDS };
  const base = { ...values, cidr: CIDR, web };
  const site = parsed(base);
  const from = plan(site).machines.login.map((m) => m.address);
  const { redis, mysql } = site.ports;
  const allow = [
    { role: "entry", port: redis, from },
    { role: "entry", port: mysql, from },
    { role: "controllers", port: 22, from },
  ];
  return { ...base, firewall: { allow } };
}

/** Config as the program sees it. */
export function parsed(values: Values): SiteConfig {
  const text = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
  return parseConfig(Object.fromEntries(Object.entries(values).map(([k, v]) => [k, text(v)])));
}

/** Writes the stack's config: the base with changes; a change to undefined leaves the key out. */
export function configure(changes: Values = {}): void {
  const values = Object.entries({ ...baseConfig(), ...changes }).filter(([, v]) => v !== undefined);
  const config = Object.fromEntries(values.map(([key, value]) => [`hpc-ha:${key}`, value]));
  fs.writeFileSync(stack.configFile, yaml.dump({ config }));
}

/** Brings the stack to its base state, from whatever an earlier test left. Takes seconds when it is there. */
export async function baseState(): Promise<StackOutputs> {
  configure();
  await stack.ensure();
  await stack.up("--refresh");
  return stack.outputs();
}

/** Scales the pool as a person does. */
export async function scale(replicas: number): Promise<void> {
  configure({ webReplicas: String(replicas) });
  await stack.run("up");
}

/** How many resources the last update created, changed, deleted and left as they were. */
export async function lastChanges(of: Stack = stack): Promise<Record<string, number>> {
  const { stdout } = await of.start("stack", "history", "--json", "--page-size", "1");
  const [last] = JSON.parse(stdout) as { resourceChanges: Record<string, number> }[];
  return last?.resourceChanges ?? {};
}

/** Address of a machine of the base state. */
export function addressOf(outputs: StackOutputs, machine: string): string {
  const found = Object.values(outputs.addresses)
    .flatMap((members) => Object.entries(members))
    .find(([name]) => name === machine);
  if (!found) throw new Error(`no machine ${machine}`);
  return found[1];
}

/** Starts a shell command on a machine as root. */
export function on(
  outputs: StackOutputs,
  machine: string,
  command: string,
  options: execa.Options = {},
): execa.ExecaChildProcess {
  const [file = "", ...args] = outputs.login
    .replace("ADDRESS", addressOf(outputs, machine))
    .split(" ");
  return execa(file, [...args, "-o", "LogLevel=ERROR", command], { timeout: 120_000, ...options });
}

/** Waits until a question is answered with yes. @param every from an answer to the next question, s */
export async function eventually(
  what: string,
  seconds: number,
  ask: () => Promise<boolean>,
  every = 0.2,
): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await ask())) {
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, every * 1000));
  }
}

/** One of the small Python programs beside this file. */
export const pythonSource = (name: string): string =>
  fs.readFileSync(path.join(__dirname, `${name}.py`), "utf8");

/** Runs one of them on a machine; what it says. */
export async function python(
  outputs: StackOutputs,
  machine: string,
  name: string,
  input: string,
): Promise<string> {
  const source = pythonSource(name).replaceAll("'", "'\\''");
  return (await on(outputs, machine, `python3 -c '${source}'`, { input })).stdout;
}
