import type { AutoscalerConfig } from "./autoscaler";

/** What decides who is in the web pool. */
export interface PoolConfig {
  webReplicas: number;
  web: { min: number; max: number };
  autoscaler: Pick<AutoscalerConfig, "enabled">;
  /** Its members in so many words, from whoever owns its size now. */
  webPool?: string[] | undefined;
}

/** Where the members are said in so many words: not in the config file, which is in git. */
export const POOL_VARIABLE = "HPC_HA_WEB_POOL";

/**
 * Numbers of the web nodes. Said in so many words it is that; where the autoscaler owns the size, the pool that there
 * is; else `webReplicas`. Who is there stays, whatever its number: a pool is a list of names, not a counter. Pure.
 * @param there numbers of those that there are; none: a new site
 */
export function pool(config: PoolConfig, there: number[]): number[] {
  const { webPool, web, autoscaler, webReplicas } = config;
  if (webPool) return webPool.map(numberOf).sort((a, b) => a - b);
  const size = autoscaler.enabled && there.length > 0 ? there.length : webReplicas;
  // What is outside its limits in the config is a fault of its own.
  return resized(there, autoscaler.enabled ? Math.min(Math.max(size, web.min), web.max) : size);
}

/** Of that size: the lowest free numbers come, the highest go. */
export function resized(there: number[], size: number): number[] {
  const kept = [...there].sort((a, b) => a - b).slice(0, size);
  for (let n = 1; kept.length < size; n += 1) if (!there.includes(n)) kept.push(n);
  return kept.sort((a, b) => a - b);
}

/** Why the pool is not as large as the config's number, for whoever runs `pulumi up`; undefined when it is. */
export function whyThatSize(
  config: PoolConfig,
  there: number[],
  names: string[],
): string | undefined {
  const { webPool, autoscaler, webReplicas } = config;
  if (webPool) return `web pool: ${names.join(", ")}, as asked for`;
  if (!autoscaler.enabled || names.length === webReplicas || there.length === 0) return undefined;
  return (
    `web pool: ${names.length} (${names.join(", ")}) as it is: the autoscaler owns its size, and webReplicas = ${webReplicas} ` +
    "is that of a new site. Another size: npx hpc scale"
  );
}

/** Faults of a pool in so many words. */
export function poolFaults({ webPool, web: { min, max } }: PoolConfig): string[] {
  if (!webPool) return [];
  const said = `${POOL_VARIABLE} = ${JSON.stringify(webPool)}`;
  const foreign = webPool.filter((name) => {
    const n = /^web[1-9]\d*$/.test(name) ? numberOf(name) : 0;
    return n < 1 || n > max;
  });
  const faults: string[] = [];
  if (foreign.length > 0) {
    faults.push(`${said}: no such web node ${foreign.join(", ")}; allowed is web1 to web${max}`);
  }
  if (new Set(webPool).size < webPool.length) faults.push(`${said}: every name once`);
  if (webPool.length < min || webPool.length > max) {
    faults.push(`${said}: ${webPool.length} nodes; allowed is ${min} to ${max} (web.min, web.max)`);
  }
  return faults;
}

const numberOf = (name: string): number => Number(name.slice("web".length));
