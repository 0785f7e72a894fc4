/** Alerts that fire and their silences, by Alertmanager's API v2. Pure. */
import { z } from "zod";
import { quote } from "../../components/look";
import type { Firing } from "../console/watched";
import { LONGEST_COMMENT, SILENCE_HOURS } from "../console/watched";

/** Longest wait for an answer, s. */
const SECONDS = 6;
const RANKS: Firing["severity"][] = ["critical", "warning", "info"];

/** What an operator may want of silences. */
export const silenceSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("silence"),
    /** Of the alert; just this one is silenced. */
    fingerprint: z.string().regex(/^[0-9a-f]{1,32}$/),
    hours: z.literal(SILENCE_HOURS),
    /** Why, for the others. */
    comment: z.string().trim().min(1).max(LONGEST_COMMENT),
  }),
  z.strictObject({ kind: z.literal("end"), id: z.uuid() }),
]);
export type SilenceOrder = z.infer<typeof silenceSchema>;

const alertsSchema = z.array(
  z.object({
    fingerprint: z.string(),
    startsAt: z.string(),
    labels: z.record(z.string(), z.string()),
    annotations: z.record(z.string(), z.string()),
    status: z.object({ silencedBy: z.array(z.string()) }),
  }),
);
const silencesSchema = z.array(
  z.object({
    id: z.string(),
    createdBy: z.string(),
    comment: z.string(),
    endsAt: z.string(),
    status: z.object({ state: z.string() }),
  }),
);

/** Asks for alerts and silences: two lines of JSON. What another alert stands for (inhibited) is not asked for. */
export const firingQuestion = (url: string): string =>
  ["alerts?inhibited=false", "silences"]
    .map((what) => `curl -sSf -m ${SECONDS} ${quote(`${url}/api/v2/${what}`)} || exit; echo`)
    .join("\n");

export interface Alerts {
  firing: Firing[];
  /** Labels of each, by its fingerprint. */
  labels: Record<string, Record<string, string>>;
}

/** @throws Error when that is not what Alertmanager says */
export function readFiring(text: string): Alerts {
  const [first = "", second = ""] = text.split("\n").filter((line) => line.trim() !== "");
  const all = alertsSchema.parse(JSON.parse(first));
  const silences = new Map(silencesSchema.parse(JSON.parse(second)).map((s) => [s.id, s]));
  const alerts = all.filter(({ labels }) => labels["alertname"] !== "Watchdog");
  const firing = alerts.map(({ fingerprint, startsAt, labels, annotations, status }): Firing => {
    const silence = status.silencedBy.map((id) => silences.get(id)).find((s) => s !== undefined);
    return {
      fingerprint,
      name: labels["alertname"] ?? "",
      severity: RANKS.find((rank) => rank === labels["severity"]) ?? "warning",
      summary: annotations["summary"] ?? "",
      meaning: annotations["meaning"] ?? "",
      next: annotations["next"] ?? "",
      since: Date.parse(startsAt),
      ...(silence && {
        silence: {
          id: silence.id,
          by: silence.createdBy,
          until: Date.parse(silence.endsAt),
          comment: silence.comment,
        },
      }),
    };
  });
  firing.sort((a, b) => RANKS.indexOf(a.severity) - RANKS.indexOf(b.severity) || a.since - b.since);
  return {
    firing,
    labels: Object.fromEntries(alerts.map(({ fingerprint, labels }) => [fingerprint, labels])),
  };
}

/** Silences what has just these labels. @param now ms since 1970 */
export function silenceCommand(
  url: string,
  labels: Record<string, string>,
  { hours, comment }: Extract<SilenceOrder, { kind: "silence" }>,
  by: string,
  now: number,
): string {
  const body = {
    matchers: Object.entries(labels).map(([name, value]) => ({
      name,
      value,
      isRegex: false,
      isEqual: true,
    })),
    startsAt: new Date(now).toISOString(),
    endsAt: new Date(now + hours * 3_600_000).toISOString(),
    createdBy: by,
    comment,
  };
  return (
    `curl -sSf -m ${SECONDS} -H 'content-type: application/json' ` +
    `--data-binary ${quote(JSON.stringify(body))} ${quote(`${url}/api/v2/silences`)}`
  );
}

export const endCommand = (url: string, id: string): string =>
  `curl -sSf -m ${SECONDS} -X DELETE ${quote(`${url}/api/v2/silence/${id}`)}`;
