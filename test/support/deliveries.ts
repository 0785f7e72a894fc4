/** Whom Alertmanager told what, and whether anything was said twice. All pure. */
import type { ReadMail } from "./mailServer";

export type State = "firing" | "resolved";

/** One alert in a message. */
export interface Told {
  alert: string;
  /** The same for the same series of the rule, whatever its state. */
  id: string;
  state: State;
  /** None where the message does not say them: a mail is for people. */
  labels: Record<string, string>;
}
export interface Message {
  /** When it came, ms since 1970. */
  at: number;
  told: Told[];
}

interface Body {
  alerts: { status: State; labels: Record<string, string>; fingerprint: string }[];
}

/** What a receiver of Alertmanager's JSON got. @param came when, of each */
export const ofWebhook = (got: readonly string[], came: readonly number[]): Message[] =>
  got.map((body, i) => ({
    at: came[i] ?? NaN,
    told: (JSON.parse(body) as Body).alerts.map(({ status, labels, fingerprint }) => ({
      alert: labels["alertname"] ?? "",
      id: fingerprint,
      state: status,
      labels,
    })),
  }));

const OVER = "over: ";
/** A figure that is no part of a name: it is another one a minute later, of the same alert. */
const FIGURE = /(?<![\w.-])-?\d+(\.\d+)?(e[+-]?\d+)?%?(?!\w)/g;

/** What a mail server got: the subject names the alert, and there is a line for each series of it. */
export const ofMail = (got: readonly ReadMail[], came: readonly number[]): Message[] =>
  got.map(({ subject, text }, i) => {
    const alert = /^(?:FIRING \(\d+\)|RESOLVED): (\S+)$/.exec(subject)?.[1];
    if (alert === undefined) throw new Error(`a mail about "${subject}", which is no alert's`);
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    return {
      at: came[i] ?? NaN,
      told: lines.map((line) => {
        const over = line.startsWith(OVER);
        const id = line.slice(over ? OVER.length : 0).replaceAll(FIGURE, "#");
        return { alert, id: id.trim(), state: over ? "resolved" : "firing", labels: {} };
      }),
    };
  });

/** What a message says that had not been said; a change that comes back is said each time. */
function news(messages: readonly Message[]): { message: Message; fresh: Told[] }[] {
  const last = new Map<string, State>();
  return messages.map((message) => {
    const fresh = message.told.filter(({ id, state }) => last.get(id) !== state);
    for (const { id, state } of message.told) last.set(id, state);
    return { message, fresh };
  });
}

/**
 * Messages that say nothing that had not been said. A message has all that is so of one alert: what was told before is in it
 * again beside what is new.
 */
export const withoutNews = (messages: readonly Message[]): string[] =>
  news(messages).flatMap(({ message: { at, told }, fresh }) =>
    fresh.length > 0
      ? []
      : [
          `${new Date(at).toISOString()}: ${told.map(({ alert, state }) => `${alert} ${state}`).join(", ")}`,
        ],
  );

/** Changes of an alert to this state, each with when it was told. */
export const changesTo = (
  messages: readonly Message[],
  alert: string,
  state: State,
): (Told & { at: number })[] =>
  news(messages).flatMap(({ message: { at }, fresh }) =>
    fresh
      .filter((told) => told.alert === alert && told.state === state)
      .map((told) => ({ ...told, at })),
  );

/** What must be told of a fault. */
export interface Expected {
  alert: string;
  /** Words that the message has of it, e.g. a machine or a unit. Default: none are asked for. */
  of?: string[];
  /** Of how many series of its rule, e.g. of how many machines. Default: one at least. */
  series?: number;
}

/** What is told of some faults together: the same alert is of as many as of all of them. */
export function together(all: readonly Expected[]): Expected[] {
  const sums = new Map<string, Expected>();
  for (const one of all) {
    const key = [one.alert, ...(one.of ?? [])].join(" ");
    const series = (sums.get(key)?.series ?? 0) + (one.series ?? 0);
    sums.set(key, { ...one, ...(series > 0 && { series }) });
  }
  return [...sums.values()];
}

/** Changes of what is expected to this state, in the order in which they were told. */
export const toldOf = (messages: readonly Message[], { alert, of = [] }: Expected, state: State) =>
  changesTo(messages, alert, state).filter(({ labels, id }) =>
    of.every((word) => Object.values(labels).includes(word) || id.includes(word)),
  );

/** Whether all of it has been told to have come to this state. */
export const isTold = (messages: readonly Message[], expected: Expected, state: State): boolean =>
  new Set(toldOf(messages, expected, state).map(({ id }) => id)).size >= (expected.series ?? 1);

/** What was expected, for a message. */
export const nameOf = ({ alert, of = [] }: Expected): string => [alert, ...of].join(" ");

/** What is wrong with how these alerts were told, begin and end: not at all, of another number, or of one more than once. */
export const notOnce = (messages: readonly Message[], expected: readonly Expected[]): string[] =>
  expected.flatMap((one) =>
    (["firing", "resolved"] as const).flatMap((state) => {
      const ids = toldOf(messages, one, state).map(({ id }) => id);
      const different = [...new Set(ids)];
      const { series } = one;
      const what = `${nameOf(one)} ${state}`;
      const number =
        different.length === 0 || (series !== undefined && different.length !== series)
          ? [`${what}: told of ${different.length}, expected ${series ?? "one at least"}`]
          : [];
      const again = different
        .map((id) => [id, ids.filter((other) => other === id).length] as const)
        .filter(([, times]) => times > 1);
      return [...number, ...again.map(([id, n]) => `${what}: ${n} times of ${id}`)];
    }),
  );

/** Alerts that were told of one of these machines besides that it is down. */
export const toldOfDead = (messages: readonly Message[], machines: readonly string[]): string[] => [
  ...new Set(
    messages.flatMap(({ told }) =>
      told
        .filter((t) => t.alert !== "MachineDown" && machines.includes(t.labels["instance"] ?? ""))
        .map((t) => `${t.alert} of ${t.labels["instance"]}`),
    ),
  ),
];
