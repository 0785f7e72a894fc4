import * as fs from "node:fs";
import * as path from "node:path";
import type execa from "execa";
import * as yaml from "js-yaml";
import { Stack, type StackOutputs } from "../../site/stack";
import { parseConfig, plan } from "../../components/house";
import type { SiteConfig } from "../../components/tiers";
import { Machines } from "../../lib/machines";
import { projectRoot } from "../../lib/project";
import { until } from "../../lib/wait";
import { machinesOf } from "../../plan/outputs";
import { whatChanged } from "./baseRecord";
import { pace } from "./pace";
import { BaseRecord } from "./witness";

/** The suite's own stack; its network is another than the lab's, so both can run beside each other. */
export const stack = new Stack("test", (text) => console.log(text));
const CIDR = "198.18.2.0/24";
const record = new BaseRecord(stack);
/** Long enough to tell a drain from a cut, short enough to wait for, s. */
export const DRAIN_SECONDS = 8;

/**
 * So many machines watch the base state, for suites that are to raise no false alert. Default: none, which is what the tests
 * of the lab expect.
 */
const WATCHED = "HPC_HA_WATCHED";

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
  const watched = process.env[WATCHED];
  const members = { ...(values["members"] as Values | undefined), monitor: Number(watched) };
  const base = { ...values, cidr: CIDR, web, ...(watched !== undefined && { members }) };
  const site = parsed(base);
  const from = plan(site).machines.login.map((m) => m.address);
  const { redis, mysql } = site.ports;
  const allow = [
    { tier: "entry", port: redis, from },
    { tier: "entry", port: mysql, from },
    { tier: "controllers", port: 22, from },
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

/**
 * Brings the stack to its base state, from whatever an earlier test left. Where nothing has changed since it was
 * last reached, nothing is done: see `disturbed`.
 */
export async function baseState(): Promise<StackOutputs> {
  configure();
  const config = JSON.stringify(baseConfig());
  const why = whatChanged(record.kept(), await record.look(config));
  console.log(`  base state: ${why ?? "nothing has changed since it was reached"}`);
  if (why !== undefined) {
    record.drop();
    await stack.ensure();
    await stack.up("--refresh");
    record.keep(await record.look(config));
  }
  return stack.outputs();
}

/**
 * Whoever acts on machines says so, and the next `baseState` looks at all of them again. What Pulumi does, and what
 * becomes of whole machines, is seen anyway; everything here that acts calls it, so that no test has to.
 */
export const disturbed = (): void => record.drop();

/** Hash of all resources in Pulumi's state, secrets as they are encrypted; undefined when it is not known. */
export const resources = (): string | undefined => record.resources();

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

/** All machines of the base state, to look at and to act on as root. */
const machines = (outputs: StackOutputs): Machines =>
  new Machines(machinesOf(outputs), outputs.ssh, {
    connectSeconds: Math.ceil(5 * pace()),
    cheap: true,
  });

/** Address of a machine of the base state. */
export const addressOf = (outputs: StackOutputs, machine: string): string =>
  machines(outputs).address(machine);

/**
 * Asks a machine something, or does what its users may do: nothing that an administrator's run would have to mend.
 * Rejects when the shell command fails, unless told not to.
 */
export const ask = (
  outputs: StackOutputs,
  machine: string,
  command: string,
  options: execa.Options = {},
): execa.ExecaChildProcess =>
  machines(outputs).start(machine, command, 120 * pace(), { reject: true, ...options }).child;

/** As `ask`, for commands that change something: the base state is left. */
export function on(
  outputs: StackOutputs,
  machine: string,
  command: string,
  options: execa.Options = {},
): execa.ExecaChildProcess {
  disturbed();
  return ask(outputs, machine, command, options);
}

/**
 * Waits until a question is answered with yes.
 * @param seconds on a machine of normal speed
 * @param every from an answer to the next question, s
 */
export const eventually = (
  what: string,
  seconds: number,
  question: () => Promise<boolean>,
  every = 0.2,
): Promise<boolean> => until(what, Math.round(seconds * pace()), question, every);

/** One of the small Python programs beside this file. */
export const pythonSource = (name: string): string =>
  fs.readFileSync(path.join(__dirname, `${name}.py`), "utf8");

/** Runs one of them on a machine, where it asks and changes nothing; what it says. */
export async function python(
  outputs: StackOutputs,
  machine: string,
  name: string,
  input: string,
): Promise<string> {
  const source = pythonSource(name).replaceAll("'", "'\\''");
  return (await ask(outputs, machine, `python3 -c '${source}'`, { input })).stdout;
}
