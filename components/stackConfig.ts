import * as pulumi from "@pulumi/pulumi";
import { ConfigError, parseConfig, type SiteConfig } from "./config";

/**
 * The present stack's validated config.
 * @throws pulumi.RunError (shown without a stack trace) that lists every fault
 */
export function loadConfig(): SiteConfig {
  const prefix = `${pulumi.getProject()}:`;
  const raw = Object.entries(pulumi.runtime.allConfig())
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]) => [key.slice(prefix.length), value] as const);
  try {
    return parseConfig(Object.fromEntries(raw));
  } catch (error) {
    throw error instanceof ConfigError ? new pulumi.RunError(error.message) : error;
  }
}
