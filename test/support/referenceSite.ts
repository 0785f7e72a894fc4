import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import * as yaml from "js-yaml";
import { afterAll, beforeAll, vi } from "vitest";
import { projectRoot } from "../../lib/project";
import { type Registration, registrations } from "./mocked";

export type Values = Record<string, unknown>;

/** A home of its own for the tests of a file, with root's key; gone at the end. */
export function temporaryHome(): string {
  const home = mkdtempSync(path.join(tmpdir(), "hpc-ha-unit-"));
  beforeAll(() => {
    vi.stubEnv("HPC_HA_HOME", home);
    mkdirSync(path.join(home, "ssh"));
    const key = path.join(home, "ssh", "id_ed25519");
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
    mkdirSync(path.join(home, "images", "rootfs"), { recursive: true });
  });
  afterAll(() => {
    vi.unstubAllEnvs();
    rmSync(home, { recursive: true });
  });
  return home;
}

/** A stack's config file, keys without the project. */
export const configOf = (stack: string): Values =>
  Object.fromEntries(
    Object.entries(
      (
        yaml.load(readFileSync(path.join(projectRoot, `Pulumi.${stack}.yaml`), "utf8")) as {
          config: Values;
        }
      ).config,
    ).map(([key, value]) => [key.replace(/^hpc-ha:/, ""), value]),
  );

/** The whole program on the reference site's config with changes. */
export function referenceSite(changes: Values = {}, vm: Values = {}): Promise<Registration[]> {
  const config = configOf("prod");
  return registrations({ ...config, ...changes, vm: { ...(config["vm"] as Values), ...vm } });
}

export const ofLibvirt = (all: Registration[], type: string): Registration[] =>
  all.filter((m) => m.type === `libvirt:index/${type.toLowerCase()}:${type}`);

/** @throws when there is none */
export function find(all: Registration[], name: string): Registration {
  const found = all.find((m) => m.name === name);
  if (!found) throw new Error(`no resource ${name}`);
  return found;
}

/** Names of everything that must be there before a resource, near and far. */
export function before(all: Registration[], name: string): Set<string> {
  const seen = new Set<string>();
  const queue = [name];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const dependency of all.find((m) => m.name === next)?.dependsOn ?? []) {
      if (!seen.has(dependency)) queue.push(dependency);
      seen.add(dependency);
    }
  }
  return seen;
}

export const isSecret = (value: unknown): value is { value: unknown } =>
  typeof value === "object" && value !== null && "value" in value;

/** A text, secret or not. */
export const plain = (value: unknown): string => String(isSecret(value) ? value.value : value);

/** The request that a program is given: a command's on stdin, a provider's among its inputs. */
export const request = (all: Registration[], name: string): Values => {
  const { stdin, request: told } = find(all, name).inputs;
  return JSON.parse(plain(stdin ?? told)) as Values;
};

/** What a tier's playbook is told. @param name the tier's configuration, or a gate */
export const runOf = (all: Registration[], name: string): Values & { vars: Values } =>
  request(all, name)["run"] as Values & { vars: Values };
