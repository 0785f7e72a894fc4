/** Pages of panels over time, from Prometheus' HTTP API. Pure. */
import { z } from "zod";
import { quote } from "../../components/look";
import type { Panel, PanelPage } from "../../components/monitor/panels";
import type { Curve, ShownPage, ShownPanel } from "../console/watched";

/** Points of a curve: about two pixels of a plot each. */
const POINTS = 180;
/** Least time between them, s: that between two looks of Prometheus'. */
const LEAST_STEP = 15;
/** Longest wait for one answer of Prometheus, s. */
const EACH_SECONDS = 4;
/** Digits that are kept of a number. */
const DIGITS = 5;

export interface Range {
  /** s since 1970. */
  start: number;
  end: number;
  step: number;
}

/** The same within a step, so that who looks at the same time asks the same. @param now ms since 1970 */
export function rangeOf(hours: number, now: number): Range {
  const step = Math.max(LEAST_STEP, Math.ceil((hours * 3600) / POINTS / LEAST_STEP) * LEAST_STEP);
  const end = Math.floor(now / 1000 / step) * step;
  return { start: end - Math.floor((hours * 3600) / step) * step, end, step };
}

const times = ({ start, end, step }: Range): number[] =>
  Array.from({ length: (end - start) / step + 1 }, (_, i) => (start + i * step) * 1000);

/** Asks for all panels of a page, a line of JSON each; an empty one where there was no answer. */
export const question = (panels: Panel[], url: string, { start, end, step }: Range): string =>
  panels
    .map(
      ({ expr }) =>
        `curl -sS -m ${EACH_SECONDS} --get ${quote(`${url}/api/v1/query_range`)} --data-urlencode ${quote(`query=${expr}`)} ` +
        `-d start=${start} -d end=${end} -d step=${step}; echo`,
    )
    .join("\n");

const answerSchema = z.union([
  z.object({
    status: z.literal("success"),
    data: z.object({
      result: z.array(
        z.object({
          metric: z.record(z.string(), z.string()),
          values: z.array(z.tuple([z.number(), z.string()])),
        }),
      ),
    }),
  }),
  z.object({ status: z.literal("error"), error: z.string() }),
]);

/** @throws Error when Prometheus has answered nothing at all */
export function readPage(
  text: string,
  { name, title, panels }: PanelPage,
  range: Range,
): Omit<ShownPage, "from"> {
  const lines = text.split("\n");
  if (lines.every((line) => line.trim() === "")) throw new Error("Prometheus does not answer");
  return {
    name,
    title,
    times: times(range),
    panels: panels.map((panel, i) => readPanel(lines[i] ?? "", panel, range)),
  };
}

function readPanel(line: string, { title, unit, help, by }: Panel, range: Range): ShownPanel {
  const shown = { title, unit, help };
  if (line.trim() === "") return { ...shown, curves: [], fault: "no answer in time" };
  const answer = answerSchema.parse(JSON.parse(line));
  if (answer.status === "error") return { ...shown, curves: [], fault: answer.error };
  const curves = answer.data.result.map(({ metric, values }): Curve => {
    const found = new Map(values.map(([at, value]) => [Math.round(at), numberOf(value)]));
    return {
      name: by.map((label) => metric[label] ?? "").join(" "),
      values: times(range).map((at) => found.get(at / 1000) ?? null),
    };
  });
  return { ...shown, curves: curves.sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

/** What is no number ("NaN", "+Inf") is not known. */
function numberOf(text: string): number | null {
  const value = Number(text);
  return Number.isFinite(value) ? Number(value.toPrecision(DIGITS)) : null;
}
