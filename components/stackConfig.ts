import * as pulumi from "@pulumi/pulumi";
import { ConfigError } from "../plan/config";
import type { SiteRecord } from "../plan/record";
import { plainSecrets } from "../plan/secrets";
import { parseConfig } from "./house";
import type { SiteConfig } from "./tiers";

/**
 * The present stack's validated config.
 * @param before what there is of the site; undefined: nothing
 * @throws pulumi.RunError (shown without a stack trace) that lists every fault, also secrets in plain text
 */
export function loadConfig(before: SiteRecord | undefined): SiteConfig {
  const prefix = `${pulumi.getProject()}:`;
  const raw = Object.fromEntries(
    Object.entries(pulumi.runtime.allConfig())
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
  // How Pulumi tells programs which keys the config file has encrypted; the SDK keeps the list to itself.
  const secret = JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] ?? "null") as string[] | null;
  const plain = plainSecrets(raw, (key) => secret?.includes(prefix + key) ?? false);
  const config = attempt(() => parseConfig(raw, undefined, before));
  const faults = [...plain, ...(config instanceof ConfigError ? config.faults : [])];
  if (faults.length > 0) throw new pulumi.RunError(new ConfigError(faults).message);
  return config as SiteConfig;
}

function attempt(parse: () => SiteConfig): SiteConfig | ConfigError {
  try {
    return parse();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}
