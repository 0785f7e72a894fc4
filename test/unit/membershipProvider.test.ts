import { beforeEach, expect, it, vi } from "vitest";
import { membershipProvider } from "../../components/entry/membershipProvider";
import * as shared from "../../components/providerProcess";

vi.mock("../../components/providerProcess", async (original) => ({
  ...(await original<typeof import("../../components/providerProcess")>()),
  siteLock: vi.fn(),
  runProgram: vi.fn(),
}));
const lock = vi.mocked(shared.siteLock);
const run = vi.mocked(shared.runProgram);

const { signal } = new AbortController();
const inputs = { wanted: "new", request: "the request", seats: [{ machine: "haproxy1", ssh: [] }] };
const before = { applied: "old", summary: "web1" };
beforeEach(() => {
  lock.mockReset().mockResolvedValue({ signal } as Awaited<ReturnType<typeof shared.siteLock>>);
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

it("runs nothing without the lock", async () => {
  lock.mockRejectedValue(new Error("the site is locked"));
  await expect(update("id", before, inputs)).rejects.toThrow("the site is locked");
  expect(run).not.toHaveBeenCalled();
});
