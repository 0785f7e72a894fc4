import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { hpcHome } from "../lib/home";
import { ConfigError } from "../plan/config";
import { hostFiles } from "../plan/files";
import type { SiteRecord } from "../plan/record";
import { plainSecrets } from "../plan/secrets";
import { LONGEST_SITE } from "./certificates";
import { authorized, personal } from "../plan/sshKeys";
import { parseConfig } from "./house";
import type { SiteConfig } from "./tiers";
import { POOL_VARIABLE } from "./web/pool";
import { refusal } from "./refusal";

/** A config with the keys that machines are reached with. */
export type LoadedConfig = SiteConfig & {
  ssh: { privateKeyFile: string; authorizedKeys: string[] };
};

/** The stack config as Pulumi hands it over, keys without the project, and whether a key is encrypted in the file. */
export interface RawConfig {
  raw: Record<string, string>;
  secret: (key: string) => boolean;
}

export function rawConfig(): RawConfig {
  const prefix = `${pulumi.getProject()}:`;
  const raw = Object.fromEntries(
    Object.entries(pulumi.runtime.allConfig())
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
  // How Pulumi tells programs which keys the config file has encrypted; the SDK keeps the list to itself.
  const secret = JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] ?? "null") as string[] | null;
  return { raw, secret: (key) => secret?.includes(prefix + key) ?? false };
}

/**
 * The present stack's validated config.
 * @param stack what rawConfig gives
 * @param before what there is of the site; undefined: nothing
 * @throws pulumi.RunError (shown without a stack trace) that lists every fault, also secrets in plain text
 */
export function loadConfig(
  { raw, secret }: RawConfig,
  before: SiteRecord | undefined,
): LoadedConfig {
  // Before it is a part of a path in the config's faults.
  const home = attempt(hpcHome);
  if (home instanceof Error) throw refusal(home.message);
  const ownKeyFile = path.join(home, "ssh", "id_ed25519");
  const plain = plainSecrets(raw, secret);
  const wish = process.env[POOL_VARIABLE];
  const said = wish === undefined ? raw : { ...raw, webPool: JSON.stringify(wish.split(" ")) };
  const config = attempt(() => parseConfig(said, { files: hostFiles, before, ownKeyFile }));
  if (config instanceof Error && !(config instanceof ConfigError)) throw config;
  const foreign =
    raw["webPool"] === undefined ? [] : ["webPool: not a key of the config; webReplicas is"];
  const faults = [
    ...nameFaults(),
    ...foreign,
    ...plain,
    ...(config instanceof Error ? config.faults : []),
  ];
  if (faults.length > 0 || config instanceof Error) {
    throw refusal(new ConfigError(faults).message);
  }
  const site = config;
  const privateKeyFile = site.ssh.privateKeyFile ?? ownKeyFile;
  const own = hostFiles.read(`${personal(privateKeyFile)}.pub`);
  const authorizedKeys = authorized(own, site.ssh.authorizedKeys);
  return { ...site, ssh: { privateKeyFile, authorizedKeys } };
}

/** Machines, networks and the site's CA are called after the stack. */
function nameFaults(): string[] {
  const [project, stack] = [pulumi.getProject(), pulumi.getStack()];
  const longest = LONGEST_SITE - `${project}-`.length;
  return stack.length > longest
    ? [
        `the stack's name, "${stack}", has ${stack.length} characters: at most ${longest} are allowed`,
      ]
    : [];
}

function attempt<T>(parse: () => T): T | Error {
  try {
    return parse();
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}
