import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { decide, emptyMemory } from "../../../autoscaler/decide";
import type { Situation } from "../../../autoscaler/decide/situation";
import { DecisionLog } from "../../../autoscaler/log";
import { sentence } from "../../../autoscaler/log/sentence";
import type { Decision, Memory } from "../../../autoscaler/model";
import { asked, each, look, NOW, type Seen, settings, situation } from "./situations";

const decision = (at: number): Decision =>
  decide(situation({ look: look(at, { sessions: [1, 2], backend: "인증" }) })).decision;

describe("the decision log", () => {
  let directory: string;
  let file: string;
  beforeEach(() => {
    directory = fs.mkdtempSync(path.join(tmpdir(), "hpc-ha-log-"));
    file = path.join(directory, "decisions.jsonl");
  });
  afterEach(() => fs.rmSync(directory, { recursive: true }));
  const times = (decisions: Decision[]) => decisions.map(({ at }) => at);

  it("gives back what was written, the newest last, and is the owner's alone", () => {
    const log = new DecisionLog(file);
    expect(log.tail(3)).toEqual([]);
    const all = [1, 2, 3, 4].map(decision);
    all.forEach((d) => log.append(d));
    expect(log.tail(2)).toEqual(JSON.parse(JSON.stringify(all.slice(2))));
    expect(times(log.since(2))).toEqual([2, 3, 4]);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
  });

  it("puts files aside by size, keeps so many, and reads over them", () => {
    const bytes = JSON.stringify(decision(1000)).length * 3.5;
    const log = new DecisionLog(file, { bytes, files: 2 });
    for (let at = 1001; at <= 1020; at++) log.append(decision(at));
    expect(fs.readdirSync(directory).sort()).toEqual([
      "decisions.jsonl",
      "decisions.jsonl.1",
      "decisions.jsonl.2",
    ]);
    for (const name of fs.readdirSync(directory)) {
      expect(fs.statSync(path.join(directory, name)).size).toBeLessThanOrEqual(bytes);
      expect(fs.statSync(path.join(directory, name)).mode & 0o777).toBe(0o600);
    }
    expect(times(log.since(1016))).toEqual([1016, 1017, 1018, 1019, 1020]);
    const kept = times(log.tail(100));
    expect(kept.at(-1)).toBe(1020);
    expect(kept).toEqual(Array.from(kept, (_, i) => 1020 - kept.length + 1 + i));
  });

  it("reads files that are larger than what it reads at once, in whole characters", () => {
    const log = new DecisionLog(file);
    for (let at = 1; at <= 300; at++) log.append(decision(at));
    expect(fs.statSync(file).size).toBeGreaterThan(2 * 65_536);
    const all = log.tail(1000);
    expect(times(all)).toEqual(Array.from({ length: 300 }, (_, i) => i + 1));
    expect(new Set(all.map((d) => d.look.backends[0]?.backend))).toEqual(new Set(["인증"]));
  });

  it("skips a line that a crash has torn, wherever it is, and the next one is whole", () => {
    const log = new DecisionLog(file);
    log.append(decision(1));
    fs.appendFileSync(file, JSON.stringify(decision(2)).slice(0, 100));
    expect(times(log.tail(5))).toEqual([1]);
    new DecisionLog(file).append(decision(3));
    fs.appendFileSync(file, '{"at":4}\n\n');
    expect(times(log.tail(5))).toEqual([1, 3]);
  });
});

describe("a decision as a sentence", () => {
  const ready: Memory = { ...emptyMemory(), asked: asked(2) };
  const office = settings({ schedule: [{ cron: "0 9 * * 1-5", floor: 5 }] });
  const fixed = settings({ schedule: [{ cron: "0 9 * * 1-5", size: 3 }] });
  const quiet: Seen = { sessions: each(4, 20) };
  const busy: Seen = { sessions: each(2, 1400) };
  const hold = { size: 3, until: NOW + 7_199_000, by: "kim" };
  const silent = { proxies: { haproxy1: undefined, haproxy2: "no answer" } };

  it.each<[string, string, Partial<Situation>, Seen]>([
    [
      "2 → 6: auth has 1400 sessions per node, goal 500",
      "2대 → 6대: auth 노드당 세션 1400개, 목표 500개",
      {},
      busy,
    ],
    [
      "2 → 10: auth has 4000 sessions per node, goal 500; 10 is the maximum",
      "2대 → 10대: auth 노드당 세션 4000개, 목표 500개; 최대 크기 10대에 도달",
      {},
      { sessions: each(2, 4000) },
    ],
    [
      "2 → 3: 21 requests wait in auth, goal 20",
      "2대 → 3대: auth 대기 요청 21개, 목표 20개",
      {},
      { sessions: each(2, 90), queue: 21 },
    ],
    [
      "2 → 3: CPU at 84 %, goal 70 %",
      "2대 → 3대: CPU 사용률 84%, 목표 70%",
      {},
      { sessions: each(2, 90), cpu: 0.84 },
    ],
    [
      "2 → 5: the schedule asks for 5 (0 9 * * 1-5)",
      "2대 → 5대: 일정(0 9 * * 1-5)에 따라 5대 필요",
      { settings: office },
      { sessions: each(2, 90) },
    ],
    ["1 → 2: 2 is the minimum", "1대 → 2대: 최소 크기 2대", {}, { sessions: [9] }],
    [
      "4 → 3: fewer were enough all through the scale-in window",
      "4대 → 3대: 축소 대기 시간 내내 더 적은 노드로 충분했음",
      { memory: ready },
      quiet,
    ],
    [
      "4 → 3: the schedule keeps 3 for another 23:00:00",
      "4대 → 3대: 일정에 따라 앞으로 23:00:00 동안 3대 유지",
      { settings: fixed },
      { sessions: each(4, 300) },
    ],
    [
      "4 → 3: a person set 3 for another 1:59:59",
      "4대 → 3대: 운영자가 3대로 지정, 1:59:59 남음",
      { memory: { ...ready, hold } },
      { sessions: each(4, 300) },
    ],
    [
      "held at 3: a person set 3 for another 1:59:59; 6 wanted",
      "3대 유지: 운영자가 3대로 지정, 1:59:59 남음; 필요한 크기는 6대",
      { memory: { ...ready, hold } },
      { sessions: each(3, 900) },
    ],
    [
      "held at 4: scale-in window ends in 2:00",
      "4대 유지: 축소 대기 시간 2:00 남음",
      { memory: { ...ready, asked: asked(2).filter(({ at }) => at > NOW - 190_000) } },
      quiet,
    ],
    [
      "held at 4: cooldown ends in 0:40; next removal in 3:20",
      "4대 유지: 변경 후 안정화 시간 0:40 남음; 다음 축소까지 3:20 남음",
      { memory: { ...ready, removals: [NOW - 100_000], changed: NOW - 20_000 } },
      quiet,
    ],
    [
      "held at 2: the autoscaler is paused; 6 wanted",
      "2대 유지: 자동 조정이 일시 중지됨; 필요한 크기는 6대",
      { memory: { ...ready, paused: { at: NOW, by: "kim" } } },
      busy,
    ],
    [
      "held at 2: an update has been running for 0:25",
      "2대 유지: 업데이트가 0:25 동안 진행 중",
      { update: { since: NOW - 25_000 } },
      { sessions: each(2, 90) },
    ],
    [
      "held at 10: 10 is the maximum; 18 wanted",
      "10대 유지: 최대 크기 10대에 도달; 필요한 크기는 18대",
      {},
      { sessions: each(10, 900) },
    ],
    [
      "held at 5: the schedule keeps 5 for another 23:00:00",
      "5대 유지: 일정에 따라 앞으로 23:00:00 동안 5대 유지",
      { settings: office },
      { sessions: each(5, 9) },
    ],
    ["held at 2: 2 is the minimum", "2대 유지: 최소 크기 2대", {}, { sessions: each(2, 9) }],
    [
      "4 is right: auth has 120 sessions per node, goal 500",
      "4대 적정: auth 노드당 세션 120개, 목표 500개",
      {},
      { sessions: each(4, 120) },
    ],
    [
      "4 is right: auth has 520 sessions per node, goal 500; within the tolerance",
      "4대 적정: auth 노드당 세션 520개, 목표 500개; 허용 오차 이내",
      {},
      { sessions: each(4, 520) },
    ],
    [
      "held at 2: metrics are missing: haproxy2: no answer, CPU of web1, CPU of web2",
      "2대 유지: 지표를 읽지 못함: haproxy2: no answer, web1 CPU, web2 CPU",
      { look: { ...look(NOW, { sessions: [9, 9], cpu: undefined }), ...silent } },
      quiet,
    ],
    [
      "held at 2: metrics are missing: statistics of HAProxy",
      "2대 유지: 지표를 읽지 못함: HAProxy 통계",
      { look: { ...look(NOW), backends: [] }, size: 2 },
      quiet,
    ],
    [
      "held at 3: no web node serves everything",
      "3대 유지: 모든 서비스를 제공하는 웹 노드 없음",
      {},
      { sessions: each(3, -1) },
    ],
  ])("%s", (en, ko, more, seen) => {
    const made = decide(situation({ look: look(NOW, seen), ...more })).decision;
    expect(sentence(made, "en")).toBe(en);
    expect(sentence(made, "ko")).toBe(ko);
  });
});
