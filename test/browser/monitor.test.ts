/** The console's pages of the site's monitor. */
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { NoMonitor } from "../../autoscaler/watch/monitors";
import { logIn, openBrowser, openPage } from "../support/browser";
import { MadeSource, type PASSWORDS, startMade } from "../support/console";
import { MadeWatch } from "../support/watch";
import { faultsOf, overflowOf } from "./accessible";

/** A Tuesday in Seoul. */
const UNTIL = Date.parse("2026-11-24T15:58:40+09:00");
const PHONE = { viewport: { width: 375, height: 720 } };

let browser: Browser;
let watch: MadeWatch;
let served: Awaited<ReturnType<typeof startMade>>;
/** What the page complained about: also what its security policy refused. */
let said: string[];
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());
beforeEach(async () => {
  watch = new MadeWatch(UNTIL, new NoMonitor("monitor1: does not answer"));
  served = await startMade(new MadeSource(UNTIL), { watch });
  said = [];
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  await served.close();
});

async function open(
  who: keyof typeof PASSWORDS,
  options: BrowserContextOptions = {},
): Promise<Page> {
  const page = await openPage(browser, said, /40[13]|503/, options);
  await logIn(page, served.origin, who);
  return page;
}
/** How many plots there are, and how many of them have lines. */
const plots = (page: Page) =>
  page.evaluate(() => {
    const all = [...document.querySelectorAll(".panels canvas")] as HTMLCanvasElement[];
    const inked = all.filter((canvas) => {
      const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, i) => i % 4 === 3 && value > 0).length > canvas.width;
    });
    return [all.length, inked.length];
  });
const go = (page: Page, name: string) =>
  page.getByRole("navigation").getByRole("link", { name, exact: true }).click();

describe("pages of the monitor", () => {
  it("have their panels as plots with names and numbers, over a span that is chosen", async () => {
    const page = await open("vera");
    for (const { name, title, panels } of watch.pages) {
      await go(page, title);
      await page.getByRole("heading", { name: panels[0]!.title, exact: true }).waitFor();
      await expect.poll(() => plots(page)).toEqual([panels.length, panels.length]);
      expect(new URL(page.url()).hash).toBe(`#${name}`);
    }
    await go(page, "Data");
    const legend = page.locator(".panel", { hasText: "Redis: memory" }).locator(".legend");
    expect(await legend.textContent()).toMatch(/^redis1 \d+(\.\d)? %galera2 /);
    // All plots say their numbers of the moment that is pointed at.
    const moments = page.locator(".panels .when", { hasText: /\d\d:\d\d/ });
    expect(await moments.count()).toBe(0);
    await page.locator(".panels .u-over").first().hover();
    const { panels } = watch.pages.find(({ name }) => name === "data")!;
    await expect.poll(() => moments.count()).toBe(panels.length);
    const asked = page.waitForRequest(/\/api\/watch\/data\?hours=168/);
    await page.getByRole("radio", { name: "7 d" }).check({ force: true });
    await asked;
    expect(said).toEqual([]);
  });

  it("are where the address says, and the autoscaler's is the first", async () => {
    const page = await open("vera");
    await page.locator(".now").waitFor();
    await go(page, "Slurm");
    await page.getByRole("heading", { name: "Jobs by state" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Jobs by state" }).waitFor();
    await page.goBack();
    await page.locator(".now").waitFor();
  });

  it("come from the other monitor where one is dead, and say so where both are", async () => {
    const page = await open("vera");
    await go(page, "Machines");
    await page.getByText("from monitor1").waitFor();
    watch.from = "monitor2";
    await page.getByRole("radio", { name: "24 h" }).check({ force: true });
    await page.getByText("from monitor2").waitFor();
    watch.from = undefined;
    await page.getByRole("radio", { name: "1 h" }).check({ force: true });
    const fault = page.getByRole("alert").filter({ hasText: "monitor1: does not answer" });
    await fault.waitFor();
    await go(page, "Alerts");
    await fault.waitFor();
  });

  it("are none where the site has no monitor", async () => {
    await served.close();
    served = await startMade(new MadeSource(UNTIL));
    const page = await open("vera");
    await page.locator(".now").waitFor();
    expect(await page.getByRole("navigation").count()).toBe(0);
  });
});

describe("alerts", () => {
  it("are seen by a viewer, who cannot silence them", async () => {
    const page = await open("vera");
    await go(page, "Alerts");
    await page.getByRole("heading", { name: "1 alert" }).waitFor();
    expect(await page.locator(".alerts li").textContent()).toContain("npx hpc doctor");
    expect(await page.getByRole("button", { name: /Silence/ }).count()).toBe(0);
  });

  it("are silenced by an operator for a time and with a reason, after a confirmation, and told again", async () => {
    const page = await open("omar");
    await go(page, "Alerts");
    await page.getByRole("button", { name: "Silence GaleraSmall" }).click();
    const dialog = page.getByRole("dialog");
    expect(await dialog.textContent()).toContain("until");
    await dialog.getByRole("button", { name: "Cancel" }).click();
    expect(watch.silenced).toEqual([]);
    await page.getByRole("button", { name: "Silence GaleraSmall" }).click();
    await dialog.getByRole("combobox").selectOption("8");
    // Without a reason the browser sends nothing.
    await dialog.getByRole("button", { name: "Silence" }).click();
    expect(watch.silenced).toEqual([]);
    await dialog.getByRole("textbox").fill("disk is on its way");
    await dialog.getByRole("button", { name: "Silence" }).click();
    await page.locator(".note", { hasText: "Silenced by omar until" }).waitFor();
    const fingerprint = "09d4a95775801de1";
    const order = { kind: "silence", fingerprint, hours: 8, comment: "disk is on its way" };
    expect(watch.silenced).toEqual([{ order, by: "omar" }]);
    await page.getByRole("button", { name: "End silence GaleraSmall" }).click();
    await dialog.getByRole("button", { name: "End silence" }).click();
    await expect.poll(() => page.locator(".note").count()).toBe(0);
    expect(said).toEqual([]);
  });
});

describe("the monitor's pages", () => {
  for (const colorScheme of ["light", "dark"] as const) {
    it(`can be read when they are ${colorScheme}, and have names for all that can be worked`, async () => {
      const page = await open("omar", { colorScheme });
      await go(page, "Data");
      await page.getByText("from monitor1").waitFor();
      expect(await faultsOf(page)).toEqual([]);
      await go(page, "Alerts");
      await page.getByRole("button", { name: /Silence/ }).click();
      expect(await faultsOf(page)).toEqual([]);
    });
  }

  it("fit a phone, in Korean too", async () => {
    const page = await open("omar", { ...PHONE, locale: "ko-KR" });
    for (const name of ["데이터", "장비", "알림"]) {
      await go(page, name);
      await page.getByText("monitor1 기준").waitFor();
      expect(await overflowOf(page)).toBe(0);
    }
  });
});
