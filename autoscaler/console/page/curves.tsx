import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import type { ShownPanel } from "../watched";
import { type Locale, useLocale } from "./locale";
import { Panel, useDark } from "./parts";
import { written } from "./watched";

const HEIGHT = 150;
/** Width of the axis of values, CSS px. */
const AXIS = 56;
/** Colours that there are; more curves have them again. */
const COLORS = 8;
const color = (name: string) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

interface CurvesProps {
  id: string;
  panel: ShownPanel;
  times: number[];
  timeZone?: string;
}

/** One plot with a curve for each series, and their names with the number at the moment that is pointed at, else the last. */
export function Curves({ id, panel, times, timeZone }: CurvesProps) {
  const words = useLocale();
  const { t, time } = words;
  const root = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const [pointed, setPointed] = useState<number>();
  const dark = useDark();
  const { title, unit, help, curves, fault } = panel;
  const names = curves.map(({ name }) => name).join("\n");
  const data = useMemo(
    (): uPlot.AlignedData => [times, ...curves.map(({ values }) => values)],
    [times, curves],
  );
  useEffect(() => {
    if (root.current === null || curves.length === 0) return undefined;
    const element = root.current;
    const made = make(element, panel, words, timeZone, setPointed);
    plot.current = made;
    made.setData(data);
    const observer = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: HEIGHT }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [names, dark, words, timeZone]);
  useEffect(() => plot.current?.setData(data), [data]);
  const at = pointed ?? times.length - 1;
  return (
    <Panel
      id={id}
      title={title}
      side={<p class="when">{pointed !== undefined && time(times[at] ?? 0, times.at(-1))}</p>}
    >
      <p class="hint" lang="en">
        {help}
      </p>
      {curves.length === 0 && <p class="empty">{fault ?? t.noCurves}</p>}
      <div ref={root} class="curves" aria-hidden="true" />
      <ul class="legend">
        {curves.map(({ name, values }, i) => {
          const value = values[at] ?? (pointed === undefined ? values.findLast(known) : null);
          return (
            <li key={name}>
              <i class={`c${i % COLORS}`} aria-hidden="true" />
              {name} <output>{known(value) ? written(unit, value, words) : t.missing}</output>
            </li>
          );
        })}
      </ul>
    </Panel>
  );
}

const known = (value: number | null | undefined): value is number => typeof value === "number";

function make(
  root: HTMLElement,
  { unit, curves }: ShownPanel,
  words: Locale,
  timeZone: string | undefined,
  point: (index: number | undefined) => void,
): uPlot {
  const axis = {
    stroke: color("soft"),
    font: `11px ${getComputedStyle(document.body).fontFamily}`,
    grid: { stroke: color("line"), width: 1 },
    ticks: { show: false },
  };
  const dated = new Intl.DateTimeFormat(words.language, {
    timeZone,
    month: "numeric",
    day: "numeric",
  });
  const label = (ms: number, step: number) =>
    step < 86_400_000 ? words.clock(ms) : dated.format(ms);
  return new uPlot(
    {
      width: Math.max(200, root.clientWidth),
      height: HEIGHT,
      ms: 1,
      padding: [6, 12, 0, 0],
      ...(timeZone !== undefined && { tzDate: (ms) => uPlot.tzDate(new Date(ms), timeZone) }),
      legend: { show: false },
      cursor: { sync: { key: "curves" }, y: false, drag: { x: false, y: false } },
      scales: {
        y: {
          range: (_, least, most) => [Math.min(0, (least ?? 0) * 1.08), (most ?? 0) * 1.08 || 1],
        },
      },
      axes: [
        {
          ...axis,
          size: 24,
          space: 64,
          values: (_, at, __, ___, step) => at.map((ms) => label(ms, step)),
        },
        {
          ...axis,
          size: AXIS,
          space: 26,
          gap: 6,
          values: (_, ticks) => ticks.map((value) => written(unit, value, words)),
        },
      ],
      series: [
        {},
        ...curves.map((__, i) => ({
          stroke: color(`c${i % COLORS}`),
          width: 1.5,
          points: { show: false },
          // What comes and goes at once is drawn so.
          ...(unit === "yes or no" && { paths: uPlot.paths.stepped?.({ align: 1 }) }),
        })),
      ],
      hooks: {
        setCursor: [
          ({ cursor: { idx, left = -1 } }) => point(left < 0 ? undefined : (idx ?? undefined)),
        ],
      },
    },
    [[], ...curves.map(() => [])],
    root,
  );
}
