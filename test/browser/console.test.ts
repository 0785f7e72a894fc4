import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { faultsOf, overflowOf } from "./accessible";
import { logIn, openBrowser, openPage } from "../support/browser";
import { MadeSource, madeStatus, startMade } from "../support/console";

/** A Tuesday in Seoul: the pool shrinks after the afternoon's rush. */
const UNTIL = Date.parse("2026-11-24T15:58:40+09:00");
const PHONE = { viewport: { width: 375, height: 720 } };

let browser: Browser;
let source: MadeSource;
let served: Awaited<ReturnType<typeof startMade>>;
/** What the page complained about: also what its security policy refused. */
let said: string[];
beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());
beforeEach(async () => {
  source = new MadeSource(UNTIL);
  served = await startMade(source);
  said = [];
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  await served.close();
});

const open = (options: BrowserContextOptions = {}) => openPage(browser, said, /401/, options);
const inked = (page: Page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("canvas")].map((canvas) => {
      const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
      return data.filter((value, i) => i % 4 === 3 && value > 0).length > canvas.width;
    }),
  );

describe("a viewer", () => {
  it("sees the pool, why it is that, its day, and all machines with their roles; and can order nothing", async () => {
    const page = await open();
    await logIn(page, served.origin, "vera");
    const { decision } = source.snapshot();
    expect(await page.locator(".size strong").textContent()).toBe(String(decision?.size));
    expect(await page.locator(".why tbody tr").count()).toBe(decision?.votes.length);
    await expect.poll(() => inked(page)).toEqual([true, true, true, true]);
    const machine = (name: string) => page.locator(".tier li", { hasText: name }).textContent();
    expect(await machine("slurm-m1")).toMatch(/VIP slurm.*primary/);
    expect(await machine("redis2")).toContain("master");
    expect(await machine("web1")).toMatch(/session.*CPU/);
    expect(await page.locator(".changes tbody tr").count()).toBeGreaterThan(10);
    expect(await page.locator(".orders").count()).toBe(0);
    expect(said).toEqual([]);
  });

  it("sees what changes, without asking for it", async () => {
    const page = await open();
    await logIn(page, served.origin, "vera");
    const status = madeStatus(source.snapshot().pool);
    source.change({
      status: {
        ...status,
        verdict: "reduced",
        machines: status.machines.map((m) =>
          m.name === "galera3" ? { ...m, health: "does not answer" } : m,
        ),
      },
      alerts: [
        {
          name: "RedundancyReduced",
          severity: "warning",
          summary: "galera3 does not answer.",
          since: UNTIL,
        },
      ],
    });
    await page.getByRole("heading", { name: "1 alert" }).waitFor();
    await page.locator(".verdict", { hasText: "Redundancy reduced" }).waitFor();
    expect(await page.locator(".tier li", { hasText: "galera3" }).textContent()).toContain(
      "does not answer",
    );
  });

  it("asks why of any moment, by keyboard", async () => {
    const page = await open();
    await logIn(page, served.origin, "vera");
    await page.getByRole("slider", { name: "Moment to explain" }).focus();
    await page.keyboard.press("Home");
    await page.getByRole("button", { name: "Back to now" }).waitFor();
    await page.keyboard.press("ArrowRight");
    await page.locator(".why .when", { hasText: "Nov 23 15:59" }).waitFor();
    await page.keyboard.press("End");
    await expect.poll(() => page.getByRole("button", { name: "Back to now" }).count()).toBe(0);
  });

  it("is told when the connection is lost, and since when; it comes back by itself", async () => {
    const page = await open();
    await logIn(page, served.origin, "vera");
    await page.context().setOffline(true);
    await page
      .getByRole("alert")
      .filter({ hasText: /No connection since \d\d:\d\d:\d\d/ })
      .waitFor();
    source.change({ site: "another" });
    await page.context().setOffline(false);
    await page.locator("header h1", { hasText: "another" }).waitFor();
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  it("logs in again after the service was started again", async () => {
    const page = await open();
    await logIn(page, served.origin, "vera");
    await served.close();
    await page.getByRole("alert").filter({ hasText: "No connection since" }).waitFor();
    served = await startMade(source, { port: served.port });
    await page.getByRole("button", { name: "Log in" }).waitFor();
  });
});

describe("an operator", () => {
  it("holds the size by keyboard alone, after a confirmation", async () => {
    const page = await open();
    await logIn(page, served.origin, "omar");
    const size = source.snapshot().decision?.size ?? 0;
    const focused = () => page.evaluate(() => document.activeElement?.textContent?.trim());
    const tabTo = async (name: string) => {
      for (let i = 0; i < 20 && (await focused()) !== name; i += 1)
        await page.keyboard.press("Tab");
      expect(await focused()).toBe(name);
    };
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Skip to content");
    await page.keyboard.press("Enter");
    await tabTo(`Hold at ${size}`);
    const outline = await page.evaluate(
      () => getComputedStyle(document.activeElement!).outlineWidth,
    );
    expect(outline).toBe("2px");
    await page.keyboard.press("Enter");
    expect(await page.getByRole("dialog").textContent()).toContain("until 17:58");
    await page.keyboard.press("Escape");
    expect(source.orders).toEqual([]);
    expect(await focused()).toBe(`Hold at ${size}`);
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await tabTo(`Hold at ${size}`);
    await page.keyboard.press("Enter");
    await page.locator(".facts", { hasText: `Held at ${size} until 17:58` }).waitFor();
    expect(source.orders).toMatchObject([{ order: { kind: "hold", size }, by: "omar" }]);
    expect(await focused()).toBe("End hold");
  });

  it("scales, and is told why it cannot", async () => {
    const page = await open();
    await logIn(page, served.origin, "omar");
    source.order = () => Promise.reject(new Error("another update holds the site"));
    await page.getByRole("button", { name: "Scale" }).click();
    await page.getByRole("spinbutton").fill("9");
    await page.getByRole("button", { name: "Hold at 9" }).click();
    await page.getByRole("alert").filter({ hasText: "another update holds the site" }).waitFor();
    // The browser keeps what the site does not allow from being sent at all.
    await page.getByRole("spinbutton").fill("11");
    await page.getByRole("button", { name: "Hold at 11" }).click();
    expect(await page.evaluate(() => document.querySelector("form:invalid") !== null)).toBe(true);
  });

  it("pauses and resumes", async () => {
    const page = await open();
    await logIn(page, served.origin, "omar");
    for (const word of ["Pause", "Resume"]) {
      await page.getByRole("button", { name: word }).click();
      await page.getByRole("dialog").getByRole("button", { name: word, exact: true }).click();
      await page.getByRole("dialog").waitFor({ state: "detached" });
    }
    expect(source.orders.map(({ order }) => order.kind)).toEqual(["pause", "resume"]);
  });
});

describe("the page", () => {
  it("is in Korean for who prefers it or chooses it, and stays so", async () => {
    const page = await open({ locale: "ko-KR" });
    await logIn(page, served.origin, "vera");
    await page.getByRole("heading", { name: "판단 근거" }).waitFor();
    await page.getByRole("radio", { name: "English" }).check({ force: true });
    await page.getByRole("heading", { name: "Why" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Why" }).waitFor();
    await page.getByRole("radio", { name: "한국어" }).check({ force: true });
    expect(await page.evaluate(() => document.documentElement.lang)).toBe("ko");
    // No English is left besides names.
    const text = await page.locator("main").innerText();
    expect(text).not.toMatch(/\b(the|until|session|goal|size|now)\b/i);
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`can be read when it is ${colorScheme}, and has names for all that can be worked`, async () => {
      const page = await open({ colorScheme });
      await page.goto(served.origin);
      await page.getByRole("button", { name: "Log in" }).waitFor();
      expect(await faultsOf(page)).toEqual([]);
      await logIn(page, served.origin, "omar");
      const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      expect(background).toBe(colorScheme === "light" ? "rgb(245, 246, 248)" : "rgb(15, 19, 24)");
      expect(await faultsOf(page)).toEqual([]);
      await page.getByRole("button", { name: "Scale" }).click();
      expect(await faultsOf(page)).toEqual([]);
    });
  }

  for (const locale of ["en-US", "ko-KR"]) {
    it(`fits a phone (${locale})`, async () => {
      const page = await open({ ...PHONE, locale });
      await page.goto(served.origin);
      await page.locator("form").waitFor();
      expect(await overflowOf(page)).toBe(0);
      source.change({
        alerts: [
          {
            name: "CloneOutdated",
            severity: "critical",
            since: UNTIL,
            summary: `/srv/${"long".repeat(30)} is not the clone.`,
          },
        ],
      });
      await logIn(page, served.origin, "omar");
      await page.locator(".alerts").waitFor();
      expect(await overflowOf(page)).toBe(0);
      await page.locator(".orders button").first().click();
      expect(await overflowOf(page)).toBe(0);
      const box = await page.getByRole("dialog").boundingBox();
      expect((box?.x ?? -1) >= 0 && (box?.x ?? 0) + (box?.width ?? 999) <= 375).toBe(true);
    });
  }

  it("loads a day within 150 kB, all from its own server", async () => {
    const page = await open();
    const hosts = new Set<string>();
    page.on("request", (request) => hosts.add(new URL(request.url()).origin));
    await logIn(page, served.origin, "vera");
    const bytes = await page.evaluate(() =>
      performance
        .getEntriesByType("resource")
        .concat(performance.getEntriesByType("navigation"))
        .reduce((sum, entry) => sum + (entry as PerformanceResourceTiming).transferSize, 0),
    );
    expect(bytes).toBeLessThan(150_000);
    expect([...hosts]).toEqual([served.origin]);
  });
});
