/** A real browser: Debian's Chromium. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import type { Needs } from "../../toolchain/host";
import { PASSWORDS } from "./console";
import { pace } from "./pace";

/** What it needs of the host; the font has Korean letters. */
export const BROWSER_NEEDS: Needs = [
  ["chromium", "chromium"],
  ["font of Korean", "fonts-noto-cjk"],
];
const CHROMIUM = "/usr/bin/chromium";

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: CHROMIUM,
    // Its sandbox does not work for root, as which CI runs; what it opens is our own page.
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  });

/**
 * A page in a context of its own.
 * @param said where what it complains about goes, also what its security policy refuses
 * @param expected answers that are no complaint, such as that to who asks who it is before it logs in
 */
export async function openPage(
  browser: Browser,
  said: string[],
  expected: RegExp,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    locale: "en-US",
    ...options,
  });
  const page = await context.newPage();
  // Below the time for a test, so that what was waited for is named.
  page.setDefaultTimeout(10_000 * pace());
  page.on("console", (message) => {
    if (message.type() === "error" && !expected.test(message.text())) said.push(message.text());
  });
  page.on("pageerror", (error) => said.push(String(error)));
  return page;
}

/** Logs in, and waits until the page shows the site. */
export async function logIn(
  page: Page,
  origin: string,
  name: keyof typeof PASSWORDS,
): Promise<void> {
  await page.goto(origin);
  await page.locator("input[name=name]").fill(name);
  await page.locator("input[name=password]").fill(PASSWORDS[name]);
  await page.keyboard.press("Enter");
  await page.locator("section.topology").waitFor();
}
