import { CA_FILE } from "../certificates";

/** Variables of ansible/redis.yml; its role's argument_specs describe them. */
export const redisVars = (
  { ports, patience }: { ports: { redis: number; sentinel: number }; patience: number },
  password: string,
  ca: string,
  certificates: Record<string, string>,
): Record<string, unknown> => ({
  redis_set: "site",
  redis_patience: patience,
  redis_port: ports.redis,
  redis_sentinel_port: ports.sentinel,
  redis_password: password,
  redis_ca: ca,
  redis_ca_file: CA_FILE,
  redis_certificates: certificates,
});
