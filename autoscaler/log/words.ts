/** What a sentence about a decision is put together from; times are texts like 2:10. */
export interface Words {
  changed(from: number, to: number): string;
  held(size: number): string;
  right(size: number): string;
  /** Asked for, and not done. */
  wanted(size: number): string;
  connections(of: string, value: string, goal: string): string;
  queue(of: string, value: string, goal: string): string;
  cpu(percent: string, goal: string): string;
  scheduled(size: number, cron: string): string;
  /** Nothing can be measured. */
  nobody: string;
  /** Why it shrinks. */
  quiet: string;
  window(left: string): string;
  budget(left: string): string;
  cooldown(left: string): string;
  maximum(limit: number): string;
  minimum(limit: number): string;
  schedule(limit: number, left: string | undefined): string;
  hold(size: number, left: string): string;
  paused: string;
  update(since: string): string;
  metrics(missing: string[]): string;
  tolerance: string;
}

export const EN: Words = {
  changed: (from, to) => `${from} → ${to}`,
  held: (size) => `held at ${size}`,
  right: (size) => `${size} is right`,
  wanted: (size) => `${size} wanted`,
  connections: (of, value, goal) => `${of} has ${value} sessions per node, goal ${goal}`,
  queue: (of, value, goal) => `${value} requests wait in ${of}, goal ${goal}`,
  cpu: (percent, goal) => `CPU at ${percent} %, goal ${goal} %`,
  scheduled: (size, cron) => `the schedule asks for ${size} (${cron})`,
  nobody: "no web node serves everything",
  quiet: "fewer were enough all through the scale-in window",
  window: (left) => `scale-in window ends in ${left}`,
  budget: (left) => `next removal in ${left}`,
  cooldown: (left) => `cooldown ends in ${left}`,
  maximum: (limit) => `${limit} is the maximum`,
  minimum: (limit) => `${limit} is the minimum`,
  schedule: (limit, left) => `the schedule keeps ${limit}${left ? ` for another ${left}` : ""}`,
  hold: (size, left) => `a person set ${size} for another ${left}`,
  paused: "the autoscaler is paused",
  update: (since) => `an update has been running for ${since}`,
  metrics: (missing) => `metrics are missing: ${missing.join(", ")}`,
  tolerance: "within the tolerance",
};

export const KO: Words = {
  changed: (from, to) => `${from}대 → ${to}대`,
  held: (size) => `${size}대 유지`,
  right: (size) => `${size}대 적정`,
  wanted: (size) => `필요한 크기는 ${size}대`,
  connections: (of, value, goal) => `${of} 노드당 세션 ${value}개, 목표 ${goal}개`,
  queue: (of, value, goal) => `${of} 대기 요청 ${value}개, 목표 ${goal}개`,
  cpu: (percent, goal) => `CPU 사용률 ${percent}%, 목표 ${goal}%`,
  scheduled: (size, cron) => `일정(${cron})에 따라 ${size}대 필요`,
  nobody: "모든 서비스를 제공하는 웹 노드 없음",
  quiet: "축소 대기 시간 내내 더 적은 노드로 충분했음",
  window: (left) => `축소 대기 시간 ${left} 남음`,
  budget: (left) => `다음 축소까지 ${left} 남음`,
  cooldown: (left) => `변경 후 안정화 시간 ${left} 남음`,
  maximum: (limit) => `최대 크기 ${limit}대에 도달`,
  minimum: (limit) => `최소 크기 ${limit}대`,
  schedule: (limit, left) => `일정에 따라 ${left ? `앞으로 ${left} 동안 ` : ""}${limit}대 유지`,
  hold: (size, left) => `운영자가 ${size}대로 지정, ${left} 남음`,
  paused: "자동 조정이 일시 중지됨",
  update: (since) => `업데이트가 ${since} 동안 진행 중`,
  metrics: (missing) => `지표를 읽지 못함: ${missing.map(missingInKorean).join(", ")}`,
  tolerance: "허용 오차 이내",
};

/** Decisions name in English what is missing; why a node does not answer stays in its own words. */
const missingInKorean = (what: string): string =>
  what.replace(/^statistics of (.*)$/, "$1 통계").replace(/^CPU of (.*)$/, "$1 CPU");
