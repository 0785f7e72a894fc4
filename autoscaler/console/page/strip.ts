/** One strip of the plot: a measure over time, with its thresholds and all changes of the pool. */
import uPlot from "uplot";
import type { Decision } from "../../model";

export interface Line {
  color: "accent" | "ink" | "soft";
  /** In steps: it holds until the next look. */
  steps?: boolean;
  dash?: number[];
  width?: number;
  fill?: boolean;
}

/** What is drawn besides the lines; read at each drawing. */
export interface Overlay {
  span: [from: number, to: number];
  changes: Decision[];
  chosen?: number;
}

export interface StripOptions {
  height: number;
  lines: Line[];
  /** Drawn as lines. */
  thresholds: number[];
  /** The scale begins at 0 and goes at least so far. */
  least: number;
  /** Whether the time is written below it. */
  times: boolean;
  /** Whether changes have their arrows here; elsewhere they are lines. */
  arrows: boolean;
  format: (value: number) => string;
  /** Whole numbers only. */
  whole?: boolean;
  timeZone: string;
  clock: (ms: number) => string;
  overlay: () => Overlay;
  pick: (time: number) => void;
  point: (time: number | undefined) => void;
}

/** Width of the axis of values, CSS px. */
const AXIS = 44;
const color = (name: string) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

export function makeStrip(root: HTMLElement, options: StripOptions): uPlot {
  const { height, lines, least, thresholds, times, format, whole, clock, overlay } = options;
  const font = `11px ${getComputedStyle(document.body).fontFamily}`;
  const axis = {
    stroke: color("soft"),
    font,
    grid: { stroke: color("line"), width: 1 },
    ticks: { show: false },
  };
  const most = Math.max(least, ...thresholds.map((value) => value * 1.2));
  const plot = new uPlot(
    {
      width: Math.max(200, root.clientWidth),
      height,
      ms: 1,
      padding: [6, 12, times ? 0 : 6, 0],
      tzDate: (ms) => uPlot.tzDate(new Date(ms), options.timeZone),
      legend: { show: false },
      cursor: {
        sync: { key: "strips" },
        y: false,
        drag: { x: false, y: false },
        points: { size: 6 },
      },
      scales: {
        x: { range: () => overlay().span },
        y: { range: (_, __, max) => [0, Math.max(most, (max ?? 0) * 1.08)] },
      },
      axes: [
        { ...axis, show: times, size: 24, space: 64, values: (_, at) => at.map(clock) },
        {
          ...axis,
          size: AXIS,
          space: 26,
          gap: 6,
          incrs: whole ? [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] : undefined,
          values: (_, ticks) => ticks.map(format),
        },
      ],
      series: [{}, ...lines.map(series)],
      hooks: {
        draw: [(u) => drawOverlay(u, options)],
        setCursor: [
          (u) => {
            const { left = -1 } = u.cursor;
            options.point(left < 0 ? undefined : u.posToVal(left, "x"));
          },
        ],
      },
    },
    [[], ...lines.map(() => [])],
    root,
  );
  plot.over.addEventListener("click", () => {
    const { left = -1 } = plot.cursor;
    if (left >= 0) options.pick(plot.posToVal(left, "x"));
  });
  return plot;
}

const series = ({ color: name, steps, dash, width = 1.5, fill }: Line): uPlot.Series => ({
  stroke: color(name),
  width,
  dash,
  fill: fill ? color(`${name}-fill`) : undefined,
  paths: steps ? uPlot.paths.stepped?.({ align: 1 }) : undefined,
  points: { show: false },
});

function drawOverlay(u: uPlot, { thresholds, arrows, overlay }: StripOptions): void {
  const { ctx, bbox } = u;
  const { left, top, width, height } = bbox;
  const ratio = devicePixelRatio;
  const { changes, chosen, span } = overlay();
  ctx.save();
  ctx.beginPath();
  // An arrow at the edge is seen whole.
  ctx.rect(left - 5 * ratio, top, width + 10 * ratio, height);
  ctx.clip();
  ctx.lineWidth = ratio;
  const vertical = (time: number, stroke: string, dash: number[] = []) => {
    const x = Math.round(u.valToPos(time, "x", true)) + 0.5;
    ctx.strokeStyle = stroke;
    ctx.setLineDash(dash.map((d) => d * ratio));
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.stroke();
    return x;
  };
  for (const value of thresholds) {
    const y = Math.round(u.valToPos(value, "y", true)) + 0.5;
    ctx.strokeStyle = color("limit");
    ctx.setLineDash([4 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(left, y);
    ctx.lineTo(left + width, y);
    ctx.stroke();
  }
  for (const { at, size, target } of changes.filter((c) => c.at >= span[0] && c.at <= span[1])) {
    const x = vertical(at, color("line-strong"), [2, 3]);
    if (!arrows) continue;
    const up = target > size;
    const y = top + height - (up ? 3 : 9) * ratio;
    const tip = (up ? -7 : 7) * ratio;
    ctx.fillStyle = color("ink");
    ctx.setLineDash([]);
    ctx.beginPath();
    ctx.moveTo(x - 4 * ratio, y);
    ctx.lineTo(x + 4 * ratio, y);
    ctx.lineTo(x, y + tip);
    ctx.fill();
  }
  if (chosen !== undefined) vertical(chosen, color("accent"));
  ctx.restore();
}
