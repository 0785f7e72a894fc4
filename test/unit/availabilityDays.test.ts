/** What keeps availability for longer than Prometheus does. Prometheus' answer is captured: of 2.42, killed in between. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import { afterEach, beforeEach, expect, it } from "vitest";
import { projectRoot } from "../../lib/project";

const DAY = 86_400;
const fixture = (name: string) =>
  readFileSync(path.join(__dirname, "fixtures/monitor", name), "utf8");
const captured = JSON.parse(fixture("recorded.txt")) as {
  data: { result: { metric: Record<string, string>; values: [number, string][] }[] };
};

let directory: string;
let server: http.Server;
let asked: URLSearchParams[];
let answer: (time: number) => string;
beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), "hpc-ha-days-"));
  asked = [];
  server = http.createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? "", "http://x");
    asked.push(searchParams);
    response.end(answer(Number(searchParams.get("time"))));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
});
afterEach(() => {
  server.close();
  rmSync(directory, { recursive: true });
});

async function run(step: number, ...words: string[]): Promise<unknown[]> {
  const program = path.join(projectRoot, "ansible/roles/monitor/files/availability-days");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const args = ["-B", program, url, String(step), directory, ...words];
  const { stdout } = await execa("python3", args);
  return stdout === "" ? [] : stdout.split("\n").map((line) => JSON.parse(line) as unknown);
}
const dayOf = (seconds: number) => new Date(seconds * 1000).toISOString().slice(0, 10);
const today = Math.floor(Date.now() / 1000 / DAY) * DAY;
/** Prometheus that has looked at noon of a day, three times, and found it up, up, down. */
const noonOf = (day: number) => (time: number) => {
  const values = [0, 15, 30].map((at, i) => [day + DAY / 2 + at, i === 2 ? "0" : "1"]);
  const found = time >= day + DAY && time < day + 2 * DAY;
  const result = found ? [{ metric: { __name__: "service:up", service: "hub" }, values }] : [];
  return JSON.stringify({ status: "success", data: { resultType: "matrix", result } });
};
const NOON = (day: number) => ({
  day: dayOf(day),
  series: [
    {
      labels: { __name__: "service:up", service: "hub" },
      runs: [
        [day + DAY / 2, day + DAY / 2 + 30, 1],
        [day + DAY / 2 + 30, day + DAY / 2 + 45, 0],
      ],
    },
  ],
});

it("asks for samples as they were taken, and leaves open what nobody has seen", async () => {
  answer = () => JSON.stringify(captured);
  const [day] = await run(1, "tell", "2026-11-27", "2026-11-27");
  expect(day).toEqual(JSON.parse(fixture("recordedDay.jsonl")));
  expect(asked[0]?.get("query")).toMatch(/^\{__name__=~"service:.*\|ALERTS", .*\}\[86400s\]$/);
  const { series } = day as {
    series: { labels: Record<string, string>; runs: [number, number, number][] }[];
  };
  const hub = series.find(
    ({ labels: { __name__: name, service } }) => name === "service:up" && service === "hub",
  );
  const [first = 0] = hub?.runs[0] ?? [];
  const seconds = hub?.runs.map(([from, to, up]) => [from - first, to - first, up].map(Math.round));
  // Down from the 15th second on; then Prometheus itself was away for eight.
  expect(seconds).toEqual([
    [0, 15, 1],
    [15, 21, 0],
    [21, 37, 1],
    [45, 57, 1],
  ]);
});

it("writes each day that is over once, and none of which nothing is known", async () => {
  writeFileSync(path.join(directory, "2020-01-01.json"), "{}");
  answer = noonOf(today - DAY);
  await run(15, "keep");
  expect(readdirSync(directory)).toEqual([`${dayOf(today - DAY)}.json`]);
  const before = asked.length;
  await run(15, "keep");
  // All the others again, and today not yet.
  expect(asked).toHaveLength(2 * before - 1);
  expect(asked.every((question) => Number(question.get("time")) <= today)).toBe(true);
});

it("tells what it keeps also when Prometheus is down, and says what it does not know", async () => {
  answer = noonOf(today - DAY);
  await run(15, "keep");
  answer = noonOf(today);
  const days = ["tell", dayOf(today - DAY), dayOf(today)] as const;
  expect(await run(15, ...days)).toEqual([NOON(today - DAY), { day: dayOf(today), series: [] }]);
  const port = (server.address() as AddressInfo).port;
  await new Promise((done) => server.close(done));
  const program = path.join(projectRoot, "ansible/roles/monitor/files/availability-days");
  const args = ["-B", program, `http://127.0.0.1:${port}`, "15", directory, ...days];
  const { stdout } = await execa("python3", args);
  const told = stdout.split("\n").map((line) => JSON.parse(line) as { fault?: string });
  expect(told[0]).toEqual(NOON(today - DAY));
  expect(told[1]?.fault).toContain("refused");
});
