import { parseConfig } from "../../components/house";
import type { ConfigError } from "../../plan/config";

/** A web service of a name, port and path. */
export const service = (name: string, port: number, path: string) => ({
  name,
  port,
  path,
  source: { path: "portal/dist" },
  start: "node server.js",
});
/** The least that a stack config has. */
export const valid: Record<string, string> = {
  webReplicas: "2",
  cidr: "198.18.1.0/24",
  driver: "container",
  services: JSON.stringify([service("auth", 4430, "/auth"), service("app", 5174, "/app")]),
};

/** The faults of `valid` with some keys changed; undefined removes a key. */
export function faults(change: Record<string, string | undefined>): string[] {
  const raw: Record<string, string> = {};
  for (const [k, v] of Object.entries({ ...valid, ...change })) if (v !== undefined) raw[k] = v;
  try {
    parseConfig(raw);
    return [];
  } catch (e) {
    return (e as ConfigError).faults;
  }
}
