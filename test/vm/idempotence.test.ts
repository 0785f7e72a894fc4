import { beforeAll, expect, it } from "vitest";
import { playbookRequests, runAgain } from "../support/playbooks";
import { baseState, stack } from "./site";

beforeAll(baseState);

it("a second `pulumi up` changes nothing, and neither does a refresh", async () => {
  await stack.run("up", "--expect-no-changes");
  await stack.run("refresh", "--expect-no-changes");
});

it("every playbook run again changes nothing", async () => {
  const results = [];
  for (const request of await playbookRequests(stack)) results.push(await runAgain(request));
  expect(results.filter((r) => r.changed.length > 0)).toEqual([]);
  expect(results.map((r) => r.playbook).sort()).toEqual([
    "compute.yml",
    "controllers.yml",
    "entry.yml",
    "galera.yml",
    "redis.yml",
    "share.yml",
    "web.yml",
  ]);
});
