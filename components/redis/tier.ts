import { tcp } from "../../plan/rule";
import { NO_KEYS } from "../../plan/tier";
import type { Tier } from "../tier";
import { look } from "./look";
import { REDIS, SENTINEL } from "./units";
import { roll } from "./roll";

const keys = {
  ...NO_KEYS,
  ports: {
    redis: 6379,
    sentinel: 26379,
    /** Numbers of Redis and Sentinel, where there is a monitor. */
    redisExporter: 9121,
  },
};

/** Redis nodes with a Sentinel each: sessions. */
export const redis: Tier<typeof keys> = {
  keys,
  naming: { name: "redis", firstHost: 131, firstHypervisor: 1, apart: true },
  // Three: a majority outlives the loss of one.
  members: { allowed: [1, 3], default: 3 },
  size: { vcpus: 2, memoryMiB: 4096 },
  keeps: { members: true, addresses: true },
  letsIn: ({ config: { ports }, of }) => [
    tcp("Redis", ports.redis, of("redis", "entry")),
    tcp("Sentinel", ports.sentinel, of("redis")),
    tcp("metrics of Redis", ports.redisExporter, of("monitor")),
  ],
  packages: ["redis-server", "redis-sentinel", "redis-tools", "prometheus-redis-exporter"],
  units: () => [REDIS, SENTINEL],
  exporters: { redis: "redisExporter" },
  look,
  roll,
};
