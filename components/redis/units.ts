export const REDIS = "redis-server";
export const SENTINEL = "redis-sentinel";
