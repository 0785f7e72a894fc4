/** A day of a web pool that follows its load, made: what the console's tests and its screenshots show. The same seed gives the same day. */
import { autoscalerSchema } from "../../components/web/autoscaler";
import { decide, emptyMemory } from "../../autoscaler/decide";
import type { Decision, Look, Memory } from "../../autoscaler/model";
import { seeded } from "./seeded";

export const SERVICES = [
  ...["auth_portal", "auth_frontend", "backend", "websocket"],
  ...["kooCAEWebServer", "kooCAEWebAutomationServer", "dashboard", "app"],
];
export const LIMITS = { min: 2, max: 10 };
export const SETTINGS = autoscalerSchema.parse({
  enabled: true,
  schedule: [
    { cron: "0 9 * * 1-5", floor: 5 },
    { cron: "0 18 * * 1-5", floor: 2 },
  ],
  alerts: { webhook: "https://hooks.example/secret" },
});

/** Until a new node serves, ms. */
const MAKING = 75_000;
/** Share of the sessions that are in each backend. */
const SHARES = [0.24, 0.06, 0.22, 0.14, 0.05, 0.03, 0.17, 0.09];
const HOUR = 3_600_000;

/** Sessions of all backends at an hour of the day: a morning, a lunch hour, an afternoon with a rush, an evening. */
function load(hour: number): number {
  const hill = (at: number, width: number, height: number) =>
    height * Math.exp(-(((hour - at) / width) ** 2));
  return (
    150 +
    hill(10.5, 0.95, 8800) +
    hill(14.4, 0.75, 9600) +
    hill(15.45, 0.3, 4600) +
    hill(20.5, 0.8, 2900)
  );
}

interface MadeDay {
  decisions: Decision[];
  memory: Memory;
  pool: string[];
}

/**
 * @param until when it ends, ms since 1970; 24 hours before, it begins
 * @param zoneOffset of the site's time zone, ms
 */
export function madeDay(seed: number, until: number, zoneOffset = 9 * HOUR): MadeDay {
  const key = [seed, until, zoneOffset].join(" ");
  const kept = made.get(key) ?? make(seed, until, zoneOffset);
  made.set(key, kept);
  return kept;
}

/** Days that were made already: one takes seconds. */
const made = new Map<string, MadeDay>();

function make(seed: number, until: number, zoneOffset: number): MadeDay {
  const random = seeded(seed);
  const every = SETTINGS.everySeconds * 1000;
  let memory = emptyMemory();
  /** When each node serves. */
  let nodes = [0, 0, 0, 0, 0];
  let noise = 0;
  const decisions: Decision[] = [];
  for (let now = until - 24 * HOUR; now <= until; now += every) {
    noise = noise * 0.93 + (random() - 0.5) * 0.07;
    const hour = ((now + zoneOffset) % (24 * HOUR)) / HOUR;
    const sessions = load(hour) * (1 + noise);
    // For some minutes at night, one HAProxy node is restarted and does not answer.
    const silent = hour > 3.1 && hour < 3.25;
    const serving = nodes.filter((ready) => ready <= now).length;
    const look = lookAt(
      now,
      nodes.map((ready) => ready <= now),
      sessions / serving,
      silent,
      random,
    );
    const making = nodes.some((ready) => ready > now);
    const situation = { now, look, size: nodes.length, limits: LIMITS, settings: SETTINGS, memory };
    const result = decide(
      making ? { ...situation, update: { since: Math.max(...nodes) - MAKING } } : situation,
    );
    memory = result.memory;
    decisions.push(result.decision);
    const { target } = result.decision;
    if (target < nodes.length) nodes = nodes.slice(0, target);
    while (nodes.length < target) nodes.push(now + MAKING);
  }
  return { decisions, memory, pool: nodes.map((_, i) => `web${i + 1}`) };
}

function lookAt(
  now: number,
  nodes: boolean[],
  each: number,
  silent: boolean,
  random: () => number,
): Look {
  const queue = each > 1400 ? Math.round((each - 1400) / 8) : 0;
  return {
    at: now,
    proxies: { haproxy1: undefined, haproxy2: silent ? "no answer within 5 s" : undefined },
    backends: SERVICES.map((backend, b) => ({
      backend,
      servers: nodes.map((serving, i) => ({
        machine: `web${i + 1}`,
        serving,
        sessions: serving ? Math.round(each * (SHARES[b] ?? 0) * 1.6 * (0.95 + random() * 0.1)) : 0,
      })),
      queue: b === 0 ? queue : 0,
      rate: each * 0.3 * (SHARES[b] ?? 0),
      responseMs: 12 + each / 40,
      errors: 0,
      at: now - 900,
    })),
    cpu: Object.fromEntries(
      nodes.flatMap((serving, i) =>
        serving
          ? [
              [
                `web${i + 1}`,
                {
                  value: Math.min(0.98, 0.05 + (each / 1900) * (0.95 + random() * 0.1)),
                  at: now - 1400,
                },
              ],
            ]
          : [],
      ),
    ),
  };
}
