import { beforeEach, expect, it, vi } from "vitest";
import { membershipProvider } from "../../components/entry/membershipProvider";
import * as shared from "../../components/providerProcess";

vi.mock("../../components/providerProcess", async (original) => ({
  ...(await original<typeof import("../../components/providerProcess")>()),
  siteLock: vi.fn(),
  runProgram: vi.fn(),
  leftBegun: vi.fn(),
}));
const left = vi.mocked(shared.leftBegun);
const lock = vi.mocked(shared.siteLock);
const run = vi.mocked(shared.runProgram);

const { signal } = new AbortController();
const inputs = { wanted: "new", request: "the request", seats: [{ machine: "haproxy1", ssh: [] }] };
/** What the site is told to keep of what was begun. */
let kept: string[];
const before = { applied: "old", summary: "web1" };
beforeEach(() => {
  kept = [];
  left.mockReset().mockResolvedValue([]);
  lock.mockReset().mockResolvedValue({
    signal,
    begin: (what: string) => kept.push(`begin ${what}`),
    end: (what: string) => kept.push(`end ${what}`),
  } as unknown as Awaited<ReturnType<typeof shared.siteLock>>);
  run.mockReset().mockResolvedValue("web1, web2\n");
});
const { diff, update } = membershipProvider as Required<typeof membershipProvider>;

it("is reconciled by its program, under the site's lock", async () => {
  expect(await update("id", before, inputs)).toEqual({
    outs: { applied: "new", summary: "web1, web2" },
  });
  expect(lock).toHaveBeenCalledWith(inputs.seats);
  expect(run).toHaveBeenCalledWith("programs/membership.ts", "the request", signal);
  const { outs } = await membershipProvider.create(inputs);
  expect(outs).toEqual({ applied: "new", summary: "web1, web2" });
});

it("changes when another one is wanted, and is tried again after a failure, also with the old inputs", async () => {
  const changes = async (olds: object) =>
    (await diff("id", { ...before, ...olds }, inputs)).changes;
  expect([await changes({}), await changes({ applied: "new" })]).toEqual([true, false]);
  run.mockRejectedValue(new Error("web2 is not healthy"));
  const failed = await update("id", before, inputs).catch((error: unknown) => error);
  expect(failed).toMatchObject({
    message: "web2 is not healthy",
    id: "id",
    reasons: ["web2 is not healthy"],
    properties: { applied: "" },
  });
  const { properties } = failed as { properties: typeof before };
  expect((await diff("id", properties, { ...inputs, wanted: "old" })).changes).toBe(true);
});

it("is reconciled again after a run that was killed in it, also with the old inputs: who came leaves drained", async () => {
  await update("id", before, inputs);
  expect(kept).toEqual(["begin membership", "end membership"]);
  run.mockRejectedValue(new Error("cut off"));
  await update("id", before, inputs).catch(() => undefined);
  expect(kept.slice(2)).toEqual(["begin membership"]);
  left.mockResolvedValue(["membership"]);
  expect((await diff("id", { ...before, applied: "new" }, inputs)).changes).toBe(true);
});

it("runs nothing without the lock", async () => {
  lock.mockRejectedValue(new Error("the site is locked"));
  await expect(update("id", before, inputs)).rejects.toThrow("the site is locked");
  expect(run).not.toHaveBeenCalled();
});
