import * as pulumi from "@pulumi/pulumi";
import { issued } from "./issued";

/** A resource as the program asked the engine for it. */
export interface Registration {
  type: string;
  name: string;
  custom: boolean;
  inputs: Record<string, unknown>;
  protect: boolean;
  retainOnDelete: boolean;
  deleteBeforeReplace: boolean;
  ignoreChanges: string[];
  secretOutputs: string[];
  /** Name of the parent; empty for the stack's own. */
  parent: string;
  /** Aliases as URNs, or type and name. */
  aliases: string[];
  /** Names of resources. */
  replaceWith: string[];
  dependsOn: string[];
  replacementTrigger: unknown;
  /** Name of its provider; empty for the default one. */
  provider: string;
}

/** The part of RegisterResourceRequest (protobuf) that matters here. */
interface Request {
  getType(): string;
  getName(): string;
  getCustom(): boolean;
  getProtect(): boolean;
  getRetainondelete(): boolean;
  getDeletebeforereplace(): boolean;
  getIgnorechangesList(): string[];
  getAdditionalsecretoutputsList(): string[];
  getReplaceWithList(): string[];
  getDependenciesList(): string[];
  getReplacementTrigger(): { toJavaScript(): unknown } | undefined;
  getParent(): string;
  getAliasesList(): Alias[];
  getProvider(): string;
  getObject(): { toJavaScript(): Record<string, unknown> };
}
interface Alias {
  getUrn(): string;
  getSpec(): { getName(): string; getType(): string; getParenturn(): string } | undefined;
}
type Register = (request: Request, callback: unknown) => Promise<void>;

/** Lines of a stack that errors have while a program runs: the SDK takes one for each promise, which costs a fifth of all. */
const FRAMES = 2;

const nameOf = (urn: string): string => urn.split("::")[3] ?? "";

/**
 * Makes resources without Pulumi's engine and plugins.
 * @param config the stack's, keys without the project
 * @param before outputs of the record that the stack's last update left; undefined: there was none
 * @returns what was asked of the engine, once all of it was
 */
export async function registered(
  make: () => unknown,
  config: Record<string, unknown> = {},
  stack = "prod",
  before?: object,
): Promise<Registration[]> {
  const made: Registration[] = [];
  pulumi.runtime.setAllConfig(
    Object.fromEntries(
      Object.entries(config).map(([k, v]) => [
        `hpc-ha:${k}`,
        typeof v === "string" ? v : JSON.stringify(v),
      ]),
    ),
  );
  await pulumi.runtime.setMocks(
    {
      newResource: ({ name, inputs }) => ({
        id: `id-of-${name}`,
        state: {
          ...(inputs as object),
          hostKey: `ssh-ed25519 ${name}`,
          result: `secret-${name}`,
          base64: `secret-${name}`,
          stdout: stdoutOf(name, inputs as Record<string, unknown>),
          // Of what is compared with the machines.
          recap: `${name}: done`,
          faults: {},
          summary: `${name}: done`,
        },
      }),
      call: ({ token }) =>
        token === "pulumi:pulumi:readStackResourceOutputs" && before
          ? { outputs: { record: { type: "hpc-ha:site:Record", outputs: before } } }
          : {},
    },
    "hpc-ha",
    stack,
    false,
    "organization",
  );
  const monitor = pulumi.runtime.getMonitor() as unknown as { registerResource: Register };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    made.push(read(request));
    return register(request, callback);
  };
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = FRAMES;
  try {
    await make();
    await pulumi.runtime.disconnect();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
  return made;
}

/** The whole program. @param config the stack's, keys without the project */
export function registrations(
  config: Record<string, unknown>,
  stack?: string,
  before?: object,
): Promise<Registration[]> {
  return registered(async () => (await import("../../index.js")).default(), config, stack, before);
}

/** What commands print that others parse. */
function stdoutOf(name: string, inputs: Record<string, unknown>): string {
  if (name === "certificates-issued") return JSON.stringify(issued(String(inputs["stdin"])));
  if (name.endsWith("-hostkey-pair")) return `-----PRIVATE-----\nssh-ed25519 AAAA ${name}\n`;
  return `${name}: done`;
}

const read = (request: Request): Registration => ({
  type: request.getType(),
  name: request.getName(),
  custom: request.getCustom(),
  inputs: request.getObject().toJavaScript(),
  protect: request.getProtect(),
  retainOnDelete: request.getRetainondelete(),
  deleteBeforeReplace: request.getDeletebeforereplace(),
  ignoreChanges: request.getIgnorechangesList(),
  secretOutputs: request.getAdditionalsecretoutputsList(),
  parent: nameOf(request.getParent()),
  aliases: request.getAliasesList().map((alias) => {
    const spec = alias.getSpec();
    if (!spec) return alias.getUrn();
    return [spec.getParenturn(), spec.getType(), spec.getName()].filter((s) => s !== "").join("::");
  }),
  replaceWith: request.getReplaceWithList().map(nameOf),
  dependsOn: request.getDependenciesList().map(nameOf),
  replacementTrigger: request.getReplacementTrigger()?.toJavaScript(),
  provider: nameOf(request.getProvider()),
});
