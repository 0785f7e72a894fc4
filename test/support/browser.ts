/** A real browser: Debian's Chromium. */
import { type Browser, chromium, type Page } from "playwright-core";
import type { Needs } from "../../toolchain/host";
import { PASSWORDS } from "./console";

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
