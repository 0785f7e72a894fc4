import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type uPlot from "uplot";
import type { Decision } from "../../model";
import type { Row, ShownSnapshot } from "../wire";
import { type Locale, useLocale } from "./locale";
import { Choice, Panel, useDark } from "./parts";
import { COLUMN, type Column, columns, nearest, within } from "./series";
import { type Line, makeStrip, type Overlay, type StripOptions } from "./strip";

const HOUR = 3_600_000;
const SPANS = { "1": HOUR, "6": 6 * HOUR, "24": 24 * HOUR };
type Span = keyof typeof SPANS;
/** Looks that may be missed before the line is broken. */
const MISSED = 3;

interface Strip {
  name: string;
  /** What its thresholds mean. */
  limits?: string;
  columns: Column[];
  options: Pick<
    StripOptions,
    "height" | "lines" | "thresholds" | "least" | "arrows" | "format" | "whole"
  >;
  /** What is said at a moment. */
  say: (row: Row) => string;
}

interface PlotProps {
  rows: Row[];
  changes: Decision[];
  snapshot: ShownSnapshot;
  chosen?: number;
  pick: (time: number | undefined) => void;
}

/** Size of the pool against its load over time. */
export function Plot({ rows, changes, snapshot, chosen, pick }: PlotProps) {
  const words = useLocale();
  const { t, time } = words;
  const { settings, now } = snapshot;
  const [span, setSpan] = useState<Span>(() =>
    matchMedia("(max-width: 700px)").matches ? "6" : "24",
  );
  const [pointed, setPointed] = useState<number>();
  const overlay = useRef<Overlay>({ span: [0, 1], changes: [] });
  const from = now - SPANS[span];
  overlay.current = { span: [from, now], changes, chosen };
  const seen = useMemo(() => within(rows, from), [rows, span]);
  const strips = useMemo(() => makeStrips(snapshot, words), [settings, snapshot.limits.max, words]);
  const moment = pointed ?? chosen;
  const row = moment === undefined ? seen.at(-1) : nearest(seen, moment);
  const gap = MISSED * settings.everySeconds * 1000;
  return (
    <Panel
      id="plot"
      title={t.plot}
      side={
        <>
          <p class="when">{row && time(row[0], now)}</p>
          <Choice
            name="span"
            label={t.span}
            options={(["1", "6", "24"] as const).map((s) => [s, t.hours(Number(s))] as const)}
            value={span}
            change={(chosenSpan: Span) => setSpan(chosenSpan)}
          />
        </>
      }
    >
      {rows.length === 0 && <p class="empty">{t.noHistory}</p>}
      {strips.map((strip, i) => (
        <Drawn
          key={strip.name}
          strip={strip}
          text={row && strip.say(row)}
          rows={seen}
          gap={gap}
          overlay={overlay}
          redraw={`${chosen} ${changes.length} ${span}`}
          times={i === strips.length - 1}
          timeZone={settings.timeZone}
          pick={pick}
          point={setPointed}
        />
      ))}
      <Scrubber rows={seen} chosen={chosen} pick={pick} words={words} now={now} />
      <p class="hint">{t.plotHint(settings.timeZone)}</p>
    </Panel>
  );
}

interface ScrubberProps extends Pick<PlotProps, "rows" | "chosen" | "pick"> {
  words: Locale;
  now: number;
}

/** Chooses a moment by keyboard, finger or mouse; at its right end it is now. */
function Scrubber({ rows, chosen, pick, words: { t, time }, now }: ScrubberProps) {
  const last = rows.length - 1;
  const found = chosen === undefined ? undefined : nearest(rows, chosen);
  const at = found === undefined ? last : rows.indexOf(found);
  return (
    <input
      class="scrubber"
      type="range"
      aria-label={t.moment}
      aria-valuetext={chosen === undefined ? t.nowWord : time(rows[at]?.[0] ?? now, now)}
      min={0}
      max={Math.max(0, last)}
      value={at}
      disabled={last < 1}
      onInput={({ currentTarget: { valueAsNumber } }) =>
        pick(valueAsNumber >= last ? undefined : rows[valueAsNumber]?.[0])
      }
    />
  );
}

interface DrawnProps {
  strip: Strip;
  text?: string;
  rows: Row[];
  gap: number;
  overlay: { current: Overlay };
  /** Changes when something besides the data does. */
  redraw: string;
  times: boolean;
  timeZone: string;
  pick: (time: number) => void;
  point: (time: number | undefined) => void;
}

function Drawn({
  strip,
  text,
  rows,
  gap,
  overlay,
  redraw,
  times,
  timeZone,
  pick,
  point,
}: DrawnProps) {
  const { clock } = useLocale();
  const root = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const dark = useDark();
  const options = { ...strip.options, height: strip.options.height + (times ? 24 : 0) };
  useEffect(() => {
    if (root.current === null) return undefined;
    const element = root.current;
    const made = makeStrip(element, {
      ...options,
      times,
      timeZone,
      clock,
      overlay: () => overlay.current,
      pick,
      point,
    });
    plot.current = made;
    made.setData(columns(rows, strip.columns, gap));
    const observer = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: options.height }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
    };
  }, [strip, dark, clock]);
  useEffect(() => {
    plot.current?.setData(columns(rows, strip.columns, gap));
  }, [rows, redraw]);
  return (
    <div class="strip">
      <p>
        <span>{strip.name}</span> <small>{strip.limits}</small> <output>{text}</output>
      </p>
      <div ref={root} aria-hidden="true" />
    </div>
  );
}

function makeStrips({ settings, limits }: ShownSnapshot, { t, number }: Locale): Strip[] {
  const { goals, scaleIn } = settings;
  const plain = (n: number) => number(n);
  const percent = (n: number) => `${number(n * 100)} %`;
  const value = (row: Row, column: Column, format: (n: number) => string) => {
    const n = row[COLUMN[column]];
    return n === null ? t.missing : format(n);
  };
  const line: Line[] = [{ color: "accent", fill: true }];
  const small = { height: 84, lines: line, least: 0, arrows: false };
  return [
    {
      name: t.webNodes,
      columns: ["schedule", "wanted", "size"],
      options: {
        height: 170,
        lines: [
          { color: "soft", steps: true, dash: [1, 3], width: 2 },
          { color: "ink", steps: true, dash: [5, 3], width: 1 },
          { color: "accent", steps: true, width: 2, fill: true },
        ],
        thresholds: [],
        least: limits.max + 0.5,
        arrows: true,
        whole: true,
        format: plain,
      },
      say: (row) =>
        t.sizeAt({
          size: row[COLUMN.size],
          serving: row[COLUMN.serving],
          wanted: row[COLUMN.wanted],
          schedule: row[COLUMN.schedule],
        }),
    },
    {
      name: t.rules.connections,
      limits: t.growsAndShrinks(plain(goals.connections), plain(scaleIn.connections)),
      columns: ["connections"],
      options: {
        ...small,
        height: 110,
        thresholds: [goals.connections, scaleIn.connections],
        format: plain,
      },
      say: (row) => value(row, "connections", plain),
    },
    {
      name: t.rules.queue,
      limits: t.growsAbove(plain(goals.queue)),
      columns: ["queue"],
      options: {
        ...small,
        thresholds: [goals.queue],
        format: plain,
      },
      say: (row) => value(row, "queue", plain),
    },
    {
      name: t.rules.cpu,
      limits: t.growsAbove(percent(goals.cpu)),
      columns: ["cpu"],
      options: {
        ...small,
        least: 1,
        thresholds: [goals.cpu],
        format: percent,
      },
      say: (row) => value(row, "cpu", percent),
    },
  ];
}
