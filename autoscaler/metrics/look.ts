import type { BackendLoad, Look, ServerLoad } from "../model";
import { type Asker, parts, question } from "./ask";
import { type CpuCounters, type CpuMemory, newer, readCpu, remember } from "./cpu";
import { type BackendNumbers, type ProxyNumbers, readHaproxy } from "./haproxy";
import type { Site } from "./site";

/** What is kept from look to look: counters, of which the next look makes rates. */
export interface Raw {
  /** Of each HAProxy node the last that it said, and when, ms since 1970. */
  proxies: Record<string, ProxyNumbers & { at: number }>;
  /** Of each web node. */
  cpu: Record<string, CpuMemory>;
}

/** What a HAProxy node said: undefined where HAProxy itself does not answer; the web nodes may, through its machine. */
export interface Answer {
  proxy?: ProxyNumbers;
  /** Why there are no numbers of HAProxy. */
  why?: string;
  cpu: Record<string, CpuCounters>;
}

/** One look: a question to each HAProxy node, all at the same time. Never rejects. */
export async function readLook(
  ask: Asker,
  site: Site,
  before: Raw | undefined,
  now: number,
): Promise<{ look: Look; raw: Raw }> {
  const asked = question(site);
  const answers = await Promise.all(
    site.entry.map(async (node): Promise<[string, Answer]> => {
      try {
        return [node, readAnswer(await ask(node, asked))];
      } catch (error) {
        const said = error instanceof Error ? error.message : String(error);
        return [node, { why: said.replace(`${node}: `, ""), cpu: {} }];
      }
    }),
  );
  return merge(Object.fromEntries(answers), site, before, now);
}

export function readAnswer(text: string): Answer {
  const { haproxy, nodes } = parts(text);
  const cpu = Object.fromEntries(
    Object.entries(nodes).flatMap(([name, metrics]) => {
      const counted = readCpu(metrics);
      return counted ? [[name, counted] as const] : [];
    }),
  );
  try {
    return { proxy: readHaproxy(haproxy), cpu };
  } catch (error) {
    return { why: (error as Error).message, cpu };
  }
}

/** Pure: what all said, as one look. */
export function merge(
  answers: Record<string, Answer>,
  site: Site,
  before: Raw | undefined,
  now: number,
): { look: Look; raw: Raw } {
  const proxies: Raw["proxies"] = {};
  const numbers: Heard[] = [];
  for (const node of site.entry) {
    const [proxy, was] = [answers[node]?.proxy, before?.proxies[node]];
    if (proxy) numbers.push({ proxy, was });
    // One that is silent is held against what it said last, once it speaks again.
    const kept = proxy ? { ...proxy, at: now } : was;
    if (kept) proxies[node] = kept;
  }
  const cpu: Raw["cpu"] = {};
  for (const { name } of site.web) {
    const counts = Object.values(answers).flatMap((answer) => answer.cpu[name] ?? []);
    const counted = counts.length > 0 ? counts.reduce(newer) : undefined;
    const known = remember(before?.cpu[name], counted, now);
    if (known) cpu[name] = known;
  }
  const look: Look = {
    at: now,
    proxies: Object.fromEntries(
      site.entry.map((node) => [node, answers[node] ? answers[node].why : "was not asked"]),
    ),
    backends: site.backends.flatMap((backend) => loadOf(backend, numbers, site, now) ?? []),
    cpu: Object.fromEntries(
      Object.entries(cpu).flatMap(([name, { sample }]) => (sample ? [[name, sample]] : [])),
    ),
  };
  return { look, raw: { proxies, cpu } };
}

/** What a HAProxy node says, and what it said before. */
interface Heard {
  proxy: ProxyNumbers;
  was: (ProxyNumbers & { at: number }) | undefined;
}

/** @returns undefined where no HAProxy node has it */
function loadOf(
  backend: string,
  all: Heard[],
  { web }: Site,
  now: number,
): BackendLoad | undefined {
  const heard = all.flatMap(({ proxy, was }) => {
    const numbers = proxy.backends[backend];
    // What was the most before the first look is of another time.
    const known = was?.backends[backend] !== undefined;
    return numbers
      ? [{ numbers, known, since: since(backend, proxy.process, numbers, was, now) }]
      : [];
  });
  if (heard.length === 0) return undefined;
  const numbers = heard.map((h) => h.numbers);
  const errors = heard.flatMap((h) => (h.since ? h.since.errors : []));
  const rates = heard.map((h) => h.since?.rate ?? h.numbers.rate);
  return {
    backend,
    servers: web.flatMap(({ name, address }) => server(name, address, heard) ?? []),
    queue: sum(heard.map(({ numbers: n, known }) => (known ? n.queuePeak : n.queue))),
    rate: sum(rates),
    responseMs: mean(numbers.map((n, i) => ({ value: n.responseMs, weight: rates[i] ?? 0 }))),
    ...(errors.length > 0 && { errors: sum(errors) }),
    at: now,
  };
}

/** A web node in a backend; undefined where no HAProxy node has it. One that either sends requests to, serves. */
function server(
  machine: string,
  address: string,
  all: { numbers: BackendNumbers; known: boolean }[],
): ServerLoad | undefined {
  const found = all.flatMap(({ numbers, known }) =>
    numbers.servers.filter((s) => s.address === address).map((s) => ({ ...s, known })),
  );
  if (found.length === 0) return undefined;
  return {
    machine,
    serving: found.some((s) => s.serving),
    sessions: sum(found.map((s) => s.sessions)),
    ...(found.some(({ known }) => known) && {
      peak: sum(
        found.map(({ known, peak, sessions }) => (known ? Math.max(peak, sessions) : sessions)),
      ),
    }),
  };
}

/** Rates since the node's last answer, 1/s; undefined when that is not known. */
function since(
  backend: string,
  process: string,
  { total, errors }: BackendNumbers,
  was: Heard["was"],
  now: number,
): { rate: number; errors: number } | undefined {
  const seconds = (now - (was?.at ?? now)) / 1000;
  const then = was?.backends[backend];
  if (!then || seconds <= 0) return undefined;
  // A process that has started since has counted only what was since then.
  const from = process === was.process ? then : { total: 0, errors: 0 };
  const rate = (value: number, start: number) => Math.max(0, value - start) / seconds;
  return { rate: rate(total, from.total), errors: rate(errors, from.errors) };
}

const sum = (values: number[]): number => values.reduce((all, value) => all + value, 0);

/** Weighted by how much each served; where nobody served anything, the largest. */
function mean(values: { value: number; weight: number }[]): number {
  const weight = sum(values.map((v) => v.weight));
  return weight > 0
    ? sum(values.map((v) => v.value * v.weight)) / weight
    : Math.max(...values.map((v) => v.value));
}
