import type { Decision } from "../model";

/** What clients ask of the web tier, whatever its size. */
export interface Moment {
  /** ms since 1970. */
  at: number;
  /** Requests and WebSockets that want to be served at the same time. */
  sessions: number;
  /** Nodes' processors that they keep busy: 1.5 is one node's all, and half of another's. */
  busy: number;
}

const HOUR = 3_600_000;
/** Between two moments of the made day, ms. */
const STEP = 15_000;
/** Sessions that keep all processors of one node busy. */
const FULL = 750;

/** Sessions over a working day, by hour; straight lines in between. */
const DAY: readonly [hour: number, sessions: number][] = [
  [0, 90],
  [7, 90],
  [8.5, 900],
  [9.5, 2400],
  [11.75, 2500],
  // Lunch.
  [12.25, 1300],
  [12.75, 1300],
  [13.25, 2500],
  // A course begins: everybody logs in within two minutes.
  [15, 2600],
  [15 + 2 / 60, 4800],
  [15 + 20 / 60, 4800],
  [15 + 30 / 60, 2600],
  [17.5, 2300],
  [19, 900],
  [21, 250],
  [23, 90],
  [24, 90],
];

/** What a person who knows that day would write: the office hours, and the course. */
export const SCHEDULE = [
  { cron: "30 8 * * 1-5", floor: 5 },
  { cron: "55 14 * * 1-5", floor: 9 },
  { cron: "30 15 * * 1-5", floor: 5 },
  { cron: "0 18 * * 1-5", floor: 2 },
];

/** The pool's limits by default. */
export const LIMITS = { min: 2, max: 10 };

/** Eight such days, a Wednesday each: no single one's noise decides. */
export const madeDays = (): Moment[][] =>
  [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => madeDay(Date.parse("2026-11-25T00:00+09:00"), seed));

/** 24 hours of a working day with noise of ±10 %, the same for the same seed. @param begin its midnight, ms since 1970 */
function madeDay(begin: number, seed: number): Moment[] {
  const random = generator(seed);
  // Neighbouring moments are alike: half of the noise is the one before's.
  let noise = 0;
  return Array.from({ length: (24 * HOUR) / STEP }, (_, i) => {
    noise = noise / 2 + (random() - 0.5) / 10;
    const sessions = Math.round(level((i * STEP) / HOUR) * (1 + noise));
    return { at: begin + i * STEP, sessions, busy: sessions / FULL };
  });
}

function level(hour: number): number {
  const after = DAY.findIndex(([h]) => h > hour);
  const [h1, s1] = DAY[after - 1] ?? [0, 0];
  const [h2, s2] = DAY[after] ?? [h1 + 1, s1];
  return s1 + ((hour - h1) / (h2 - h1)) * (s2 - s1);
}

/**
 * What was asked for while decisions were taken, from their log: of the backend that had most. A look that could not read
 * everything is left out, and what was before it goes on.
 */
export function recorded(decisions: Decision[]): Moment[] {
  return decisions.flatMap(({ at, look }) => {
    const wanted = look.backends.map(
      ({ servers, queue }) => servers.reduce((sum, s) => sum + (s.peak ?? s.sessions), 0) + queue,
    );
    const busy = Object.values(look.cpu).reduce((sum, { value }) => sum + value, 0);
    return wanted.length === 0 ? [] : [{ at, sessions: Math.max(...wanted), busy }];
  });
}

/** Numbers from 0 to 1, the same for the same seed: a linear congruential generator with the figures of Numerical Recipes. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
