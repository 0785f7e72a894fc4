/** Shows the console with a made day in Debian's Chromium: the pictures in docs/, and what a page load takes. */
import * as path from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import execa from "execa";
import { decide } from "../autoscaler/decide";
import type { Galera } from "../components/galera/look";
import { type Progress, step } from "../lib/progress";
import { projectRoot } from "../lib/project";
import { BROWSER_NEEDS, logIn, openBrowser } from "../test/support/browser";
import { MadeSource, madeStatus, startMade } from "../test/support/console";
import { keepPageLoad, UNTIL } from "../test/support/pageLoad";
import { fitForFigures, measurePace, sayPace } from "../test/support/pace";
import { ensurePackages, type Needs } from "../toolchain/host";

const NEEDS: Needs = [...BROWSER_NEEDS, ["pngquant", "pngquant"]];

interface Picture {
  name: string;
  options: BrowserContextOptions;
  /** What is the matter at the site. */
  trouble?: boolean;
  /** Brings the page to what is to be seen. */
  act?: (page: Page) => Promise<void>;
}

const DESK = { viewport: { width: 1320, height: 900 }, locale: "en-US" };
const PICTURES: Picture[] = [
  { name: "console", options: DESK },
  {
    name: "console-dark",
    options: { ...DESK, colorScheme: "dark" },
    trouble: true,
    act: async (page) => {
      // Why the pool grew at ten.
      await page.locator(".changes button").nth(7).click();
      await page.getByRole("button", { name: "Back to now" }).waitFor();
    },
  },
  { name: "console-korean", options: { ...DESK, locale: "ko-KR" } },
  {
    name: "console-phone",
    options: { viewport: { width: 375, height: 980 }, deviceScaleFactor: 2, locale: "en-US" },
  },
  {
    name: "console-hold",
    options: { viewport: { width: 375, height: 980 }, deviceScaleFactor: 2, locale: "en-US" },
    act: async (page) => {
      await page.getByRole("button", { name: "Scale" }).click();
      await page.getByRole("dialog").waitFor();
    },
  },
];

const progress: Progress = (text) => console.log(text);

/** A site with a machine that is gone, and a person's size. */
function troubled(source: MadeSource): void {
  const { pool, memory: before, limits, settings, decision: last } = source.snapshot();
  if (last === undefined) return;
  const hold = { size: last.target, until: UNTIL + 5_400_000, by: "omar" };
  const { now, look, size } = { now: UNTIL, ...last };
  const situation = { now, look, size, limits, settings };
  const status = madeStatus(pool);
  const galera = status.tiers["galera"] as Galera;
  source.change({
    ...decide({ ...situation, memory: { ...before, hold } }),
    alerts: [
      {
        name: "RedundancyReduced",
        severity: "warning",
        summary:
          "galera3 does not answer: the data tier has no spare. npx hpc doctor says what mends it.",
        since: UNTIL - 340_000,
      },
    ],
    status: {
      ...status,
      verdict: "reduced",
      tiers: {
        ...status.tiers,
        galera: {
          nodes: galera.nodes.map((n) => (n.name === "galera3" ? { ...n, state: "" } : n)),
        } satisfies Galera,
      },
      findings: [{ severity: "reduced", what: "galera3 (192.168.1.143) does not answer." }],
      machines: status.machines.map((m) =>
        m.name === "galera3" ? { ...m, health: "does not answer" } : m,
      ),
    },
  });
}

async function take(browser: Browser, { name, options, trouble, act }: Picture): Promise<void> {
  const source = new MadeSource(UNTIL);
  if (trouble) troubled(source);
  const served = await startMade(source);
  const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
  const page = await context.newPage();
  await logIn(page, served.origin, "omar");
  await act?.(page);
  await page.mouse.move(0, 0);
  // Two frames: what was drawn is on the screen.
  await page.evaluate(
    "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))",
  );
  const file = path.join(projectRoot, "docs", `${name}.png`);
  await page.screenshot({ path: file, fullPage: options.deviceScaleFactor === undefined });
  await execa("pngquant", ["--force", "--strip", "--speed=1", "--output", file, "128", file]);
  await context.close();
  await served.close();
}

async function main(): Promise<void> {
  await ensurePackages(NEEDS, progress);
  const pace = await measurePace();
  const browser = await openBrowser();
  for (const picture of PICTURES) {
    await step(`docs/${picture.name}.png`, progress, () => take(browser, picture));
  }
  if (fitForFigures(pace)) await step("page load", progress, () => keepPageLoad(browser));
  else progress(`${sayPace(pace)}: no figures from it`);
  await browser.close();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  },
);
