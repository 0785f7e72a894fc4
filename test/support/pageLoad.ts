/** What a load of the console takes, with a made day of looks behind it. */
import type { Browser } from "playwright-core";
import { logIn } from "./browser";
import { MadeSource, startMade } from "./console";
import { keepFigures } from "./measured";

/** End of the day that is shown, a Tuesday in Seoul: the pool shrinks after the afternoon's rush. */
export const UNTIL = Date.parse("2026-11-24T15:58:40+09:00");
/** Page loads; the median counts. */
const LOADS = 5;

interface Load {
  kilobytes: number;
  /** Until all is drawn, ms. */
  first: number;
  /** The same with the files that are kept from before. */
  again: number;
}

/** What a load by who is logged in takes: until the plot and the machines are drawn. */
async function load(browser: Browser, origin: string): Promise<Load> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  await logIn(page, origin, "vera");
  const { cookies } = await context.storageState();
  await context.close();
  const fresh = await browser.newContext({
    ignoreHTTPSErrors: true,
    storageState: { cookies, origins: [] },
  });
  const once = await fresh.newPage();
  const timed = async () => {
    await once.goto(origin);
    await once.locator("section.topology").waitFor();
    return once.evaluate<{ ms: number; bytes: number }>(`({
      ms: performance.now(),
      bytes: [...performance.getEntriesByType("resource"), ...performance.getEntriesByType("navigation")]
        .reduce((sum, { transferSize }) => sum + transferSize, 0),
    })`);
  };
  const first = await timed();
  const again = await timed();
  await fresh.close();
  return { kilobytes: first.bytes / 1000, first: first.ms, again: again.ms };
}

/** Measures it and keeps the figures. */
export async function keepPageLoad(browser: Browser): Promise<void> {
  const served = await startMade(new MadeSource(UNTIL));
  const loads: Load[] = [];
  for (let i = 0; i < LOADS; i += 1) loads.push(await load(browser, served.origin));
  await served.close();
  const median = (key: keyof Load) =>
    loads.map((l) => l[key]).sort((a, b) => a - b)[LOADS >> 1] ?? 0;
  const figures = {
    kilobytes: median("kilobytes"),
    first: median("first"),
    again: median("again"),
  };
  keepFigures(
    "console",
    figures,
    [
      "| page load, with a day of looks | |",
      "| --- | --- |",
      `| sent, with all headers | ${figures.kilobytes.toFixed(0)} kB |`,
      `| first, until all is drawn | ${(figures.first / 1000).toFixed(2)} s |`,
      `| again | ${(figures.again / 1000).toFixed(2)} s |`,
    ].join("\n"),
  );
}
