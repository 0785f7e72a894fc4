import { beforeAll, expect, it } from "vitest";
import { playbookRequests, runAgain } from "../support/playbooks";
import { baseState, stack } from "../support/site";

beforeAll(baseState);

it("a second `pulumi up` changes nothing, and neither does a refresh", async () => {
  await stack.run("up", "--expect-no-changes");
  await stack.run("refresh", "--expect-no-changes");
});

it("every playbook run again changes nothing", async () => {
  const runs = (await playbookRequests()).map((request) => runAgain(request));
  const results = await Promise.all(runs);
  expect(results.map((r) => r.playbook).sort()).toEqual([
    "compute.yml",
    "controllers.yml",
    "entry.yml",
    "galera.yml",
    "login.yml",
    "redis.yml",
    "web.yml",
  ]);
  expect(results.filter((r) => r.changed.length > 0)).toEqual([]);
});
