import execa from "execa";
import { expect, it } from "vitest";
import { costTable, readUsed, restOf, usedProgram } from "../support/cost";

it("says what this machine has used, at both ends of a stretch", async () => {
  const busy = "timeout 0.5 sh -c 'while :; do :; done'";
  const program = usedProgram(1).replace("sleep 1", `sleep 0.2; ${busy}; :`);
  const { stdout } = await execa("bash", ["-c", program]);
  const [before, after] = readUsed(stdout.replaceAll(/^net.*$/gm, "net 1"));
  expect(before.memory).toBeGreaterThan(10);
  // A process that has ended by then.
  expect(after.cpu - before.cpu).toBeGreaterThan(0.05);
  expect(after.written).toBeGreaterThanOrEqual(0);
});

it("a figure that is missing is no zero", () => {
  const half = "cpu 1.00\nmemory 2.000\nnet 3.0\nwritten 4.0\n";
  expect(() => readUsed(half)).toThrow("no figure of cpu");
  expect(() => readUsed(`${half}${half.replace("net 3.0\n", "")}`)).toThrow("no figure of net");
});

const used = (cpu: number, memory: number, net: number, written: number) => ({
  cpu,
  memory,
  net,
  written,
});

it("at rest is what was used in the stretch, but for memory, which is what is used now", () => {
  expect(restOf([used(10, 50, 1, 2), used(16, 60, 4, 8)], 60)).toEqual({
    cpu: 10,
    memory: 60,
    net: 50,
    written: 100,
  });
});

it("the table sets with and without side by side, and takeovers against their goal", () => {
  const site = (rest: number, seconds: number[]) => ({
    rest: { web1: used(rest, 100 + rest, rest, rest) },
    takeovers: { "slurmctld kill -9: sbatch": seconds },
  });
  const text = costTable(site(1, [1, 2, 3]), site(1.5, [1, 2.2, 4]));
  expect(text).toContain("| web1, at rest: % of a processor | 1.0 | 1.5 | 0.5 | |");
  expect(text).toContain("| web1, at rest: MB | 101.0 | 101.5 | 0.5 | |");
  expect(text).toContain(
    "| slurmctld kill -9: sbatch, s, median of 3 and 3 | 2.00 | 2.20 | 0.20 | <= 1.05 x (is 1.10) |",
  );
  expect(text).toContain("| slurmctld kill -9: sbatch, s, p95 | 3.00 | 4.00 | 1.00 |  |");
});

it("what was measured with a monitor only has nothing beside it", () => {
  const none = { rest: {}, takeovers: {} };
  const text = costTable(none, { rest: { monitor1: used(1, 2, 3, 4) }, takeovers: {} });
  expect(text).toContain("| monitor1, at rest: MB | - | 2.0 |  | |");
});
