import { describe, expect, it } from "vitest";
import { ROLLED } from "../../components/rolls";
import { chooseTiers, planTier } from "../../rollout/plan";

const words = (steps: { machine: string; action: string }[]) =>
  steps.map((s) => `${s.action} ${s.machine}`);

describe("planTier", () => {
  const redis = { members: ["redis1", "redis2", "redis3"], holder: "redis2" };

  it("restarts replicas first, then moves the master's part away, then restarts it", () => {
    expect(words(planTier(redis, true, []))).toEqual([
      "restart redis1",
      "restart redis3",
      "relieve redis2",
      "restart redis2",
    ]);
  });

  it("takes the database node that clients are on last; HAProxy moves them", () => {
    const galera = { members: ["galera1", "galera2", "galera3"], holder: "galera1" };
    expect(words(planTier(galera, false, []))).toEqual([
      "restart galera2",
      "restart galera3",
      "restart galera1",
    ]);
  });

  it("relieves the holder of a pair", () => {
    const pair = { members: ["slurm-m1", "slurm-m2"], holder: "slurm-m1" };
    expect(words(planTier(pair, true, []))).toEqual([
      "restart slurm-m2",
      "relieve slurm-m1",
      "restart slurm-m1",
    ]);
  });

  it("restarts a machine that is alone, and moves nothing", () => {
    const alone = { members: ["haproxy1"], holder: "haproxy1" };
    expect(words(planTier(alone, true, []))).toEqual(["restart haproxy1"]);
  });

  it("has no order where all serve", () => {
    const web = { members: ["web1", "web2"] };
    expect(words(planTier(web, false, []))).toEqual(["restart web1", "restart web2"]);
  });

  it("goes on after an interruption: what is done stays alone, also as the new master", () => {
    expect(words(planTier(redis, true, ["redis1"]))).toEqual([
      "restart redis3",
      "relieve redis2",
      "restart redis2",
    ]);
    // Interrupted after the failover to redis1.
    const moved = { ...redis, holder: "redis1" };
    expect(words(planTier(moved, true, ["redis1", "redis3"]))).toEqual(["restart redis2"]);
    expect(planTier(moved, true, ["redis1", "redis2", "redis3"])).toEqual([]);
  });
});

describe("chooseTiers", () => {
  it("means all when none is named, and keeps the order in which they stand on each other", () => {
    expect(chooseTiers([], ROLLED)).toEqual([
      "galera",
      "redis",
      "entry",
      "web",
      "controllers",
      "compute",
    ]);
    expect(chooseTiers(["web", "redis"], ROLLED)).toEqual(["redis", "web"]);
  });

  it("refuses what it does not know and says what is allowed", () => {
    expect(() => chooseTiers(["web", "webs"], ROLLED)).toThrow(
      'no tier "webs"; allowed: galera, redis, entry, web, controllers, compute, or none for all',
    );
  });
});
