import { describe, expect, it } from "vitest";
import { ROLLED } from "../../components/rolls";
import { chooseTiers, describePlan, planTier, type TierPlan } from "../../rollout/plan";
import type { Parts } from "../../rollout/roll";

const words = ({ steps }: TierPlan) => steps.map((s) => `${s.action} ${s.machine}`);
const redis: Parts = { members: ["redis1", "redis2", "redis3"], holder: "redis2", sick: [] };
const all = (parts: Parts, handsOver: boolean) => planTier(parts, handsOver, parts.members);

describe("planTier", () => {
  it("changes replicas first, then moves the master's part away, then changes it", () => {
    expect(words(all(redis, true))).toEqual([
      "change redis1",
      "change redis3",
      "relieve redis2",
      "change redis2",
    ]);
  });

  it("takes the database node that clients are on last; HAProxy moves them", () => {
    const members = ["galera1", "galera2", "galera3"];
    expect(words(all({ members, holder: "galera1", sick: [] }, false))).toEqual([
      "change galera2",
      "change galera3",
      "change galera1",
    ]);
  });

  it("relieves the holder of a pair", () => {
    const members = ["slurm-m1", "slurm-m2"];
    expect(words(all({ members, holder: "slurm-m1", sick: [] }, true))).toEqual([
      "change slurm-m2",
      "relieve slurm-m1",
      "change slurm-m1",
    ]);
  });

  it("changes a machine that is alone, and moves nothing", () => {
    const alone = { members: ["haproxy1"], holder: "haproxy1", sick: [] };
    expect(words(all(alone, true))).toEqual(["change haproxy1"]);
  });

  it("moves nothing to one that could not take it", () => {
    const grown = { members: ["haproxy1", "haproxy2"], holder: "haproxy1", sick: ["haproxy2"] };
    expect(words(planTier(grown, true, ["haproxy1"]))).toEqual(["change haproxy1"]);
  });

  it("has no order where all serve", () => {
    const web = { members: ["web1", "web2"], sick: [] };
    expect(words(all(web, false))).toEqual(["change web1", "change web2"]);
  });

  it("has those that serve nobody together and first", () => {
    const plan = all({ ...redis, sick: ["redis1", "redis3"] }, true);
    expect(plan.sick).toEqual(["redis1", "redis3"]);
    expect(words(plan)).toEqual(["relieve redis2", "change redis2"]);
  });

  it("is of those that are to be changed: what is done stays alone, also as the new master", () => {
    expect(words(planTier(redis, true, ["redis2", "redis3"]))).toEqual([
      "change redis3",
      "relieve redis2",
      "change redis2",
    ]);
    // Interrupted after the failover to redis1.
    const moved = { ...redis, holder: "redis1" };
    expect(words(planTier(moved, true, ["redis2"]))).toEqual(["change redis2"]);
    const sick = { ...moved, sick: ["redis3"] };
    expect(planTier(sick, true, [])).toEqual({ sick: [], steps: [] });
  });

  it("can be told to a person before it is done", () => {
    expect(describePlan(all({ ...redis, sick: ["redis1"] }, true))).toBe(
      "redis1 (serve nobody now), then redis3, then redis2 (serves now: hands its part over first)",
    );
    const nodes: Parts = { members: ["c1", "c2", "c3", "c4"], sick: [] };
    expect(describePlan(all(nodes, false), 2)).toBe("c1, then c2 and c3, then c4");
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
      "monitor",
    ]);
    expect(chooseTiers(["web", "redis"], ROLLED)).toEqual(["redis", "web"]);
  });

  it("refuses what it does not know and says what is allowed", () => {
    expect(() => chooseTiers(["web", "webs"], ROLLED)).toThrow(
      'no tier "webs"; allowed: galera, redis, entry, web, controllers, compute, monitor, or none for all',
    );
  });
});
