import * as pulumi from "@pulumi/pulumi";
import { vi } from "vitest";
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
  getReplaceWithList(): string[];
  getDependenciesList(): string[];
  getReplacementTrigger(): { toJavaScript(): unknown } | undefined;
  getProvider(): string;
  getObject(): { toJavaScript(): Record<string, unknown> };
}
type Register = (request: Request, callback: unknown) => Promise<void>;

const nameOf = (urn: string): string => urn.split("::")[3] ?? "";

/**
 * Runs the whole program without Pulumi's engine and plugins.
 * @param config the stack's, keys without the project
 * @param last name of a resource that nothing waits for: with it, all are there
 */
export async function registrations(
  config: Record<string, unknown>,
  last: string[],
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
          result: `secret-${name}`,
          stdout: stdoutOf(name, inputs as Record<string, unknown>),
        },
      }),
      call: () => ({}),
    },
    "hpc-ha",
    "prod",
    false,
  );
  const monitor = pulumi.runtime.getMonitor() as unknown as { registerResource: Register };
  const register = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, callback) => {
    made.push(read(request));
    return register(request, callback);
  };
  vi.resetModules();
  await import("../../index.js");
  await vi.waitUntil(() => last.every((name) => made.some((m) => m.name === name)), 15_000);
  await pulumi.runtime.disconnect();
  return made;
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
  replaceWith: request.getReplaceWithList().map(nameOf),
  dependsOn: request.getDependenciesList().map(nameOf),
  replacementTrigger: request.getReplacementTrigger()?.toJavaScript(),
  provider: nameOf(request.getProvider()),
});
