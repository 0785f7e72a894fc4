import { CA_FILE } from "../certificates";

/** Secret. */
export interface RedisPasswords {
  /** The user "default". */
  services: string;
  /** People and tools on the machines, Redis to its master, Sentinels to Redis; and who reads numbers for a monitor, if there is one. */
  users: { admin: string; replica: string; sentinel: string; monitor?: string };
}

export interface RedisSettings {
  ports: { redis: number; sentinel: number };
  patience: number;
  /** Memory of the smallest machine. */
  memoryMiB: number;
}

/** Variables of ansible/redis.yml; its role's argument_specs describe them. */
export const redisVars = (
  { ports, patience, memoryMiB }: RedisSettings,
  passwords: RedisPasswords,
  ca: string,
  certificates: Record<string, string>,
): Record<string, unknown> => ({
  redis_set: "site",
  redis_patience: patience,
  redis_port: ports.redis,
  redis_sentinel_port: ports.sentinel,
  redis_password: passwords.services,
  redis_users: passwords.users,
  // Half of the machine: while it writes a copy for a replica or its disk, what changes is there twice.
  redis_maxmemory_mib: Math.floor(memoryMiB / 2),
  redis_ca: ca,
  redis_ca_file: CA_FILE,
  redis_certificates: certificates,
});
