/** Whether a page can be read and worked: what is found in the page itself, by functions that run there. */
import type { Page } from "playwright-core";

/** Least contrast of text against what is behind it, by WCAG 2.2 AA. */
const CONTRAST = 4.5;

/** What is wrong, in words; empty when nothing is. */
export const faultsOf = (page: Page): Promise<string[]> =>
  page.evaluate(
    ({ least }) => {
      type Color = [number, number, number, number];
      const faults: string[] = [];
      const parse = (text: string): Color => {
        const [r = 0, g = 0, b = 0, a = 1] = text.match(/[\d.]+/g)?.map(Number) ?? [];
        return [r, g, b, a];
      };
      const over = ([r, g, b, a]: Color, below: Color): Color => {
        const mix = (x: number, y: number) => x * a + y * (1 - a);
        return [mix(r, below[0]), mix(g, below[1]), mix(b, below[2]), 1];
      };
      const backgroundOf = (element: Element | null): Color => {
        if (element === null) return [255, 255, 255, 1];
        const own = parse(getComputedStyle(element).backgroundColor);
        return own[3] === 1 ? own : over(own, backgroundOf(element.parentElement));
      };
      const luminance = (color: Color) => {
        const [r = 0, g = 0, b = 0] = color.slice(0, 3).map((c) => {
          const s = c / 255;
          return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      for (const element of document.querySelectorAll<HTMLElement>("body *")) {
        const text = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent?.trim());
        if (!text || !element.checkVisibility() || element.matches(":disabled, script, noscript"))
          continue;
        const back = backgroundOf(element);
        const [a, b] = [
          luminance(over(parse(getComputedStyle(element).color), back)),
          luminance(back),
        ];
        const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (contrast < least) {
          faults.push(
            `contrast ${contrast.toFixed(2)}: ${element.textContent.trim().slice(0, 40)}`,
          );
        }
      }
      for (const element of document.querySelectorAll<HTMLInputElement>(
        "button, a, input, select",
      )) {
        const said =
          element.textContent.trim() ||
          element.ariaLabel ||
          element.labels?.[0]?.textContent.trim();
        if (!said) faults.push(`no name: ${element.outerHTML.slice(0, 80)}`);
      }
      const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
      if (new Set(ids).size < ids.length) faults.push(`an id twice: ${ids.join(" ")}`);
      for (const element of document.querySelectorAll("[aria-labelledby]")) {
        const id = element.getAttribute("aria-labelledby") ?? "";
        if (document.getElementById(id) === null) faults.push(`nothing has the id ${id}`);
      }
      const levels = [...document.querySelectorAll("h1, h2, h3")].map((h) => Number(h.tagName[1]));
      if (levels.filter((l) => l === 1).length !== 1) faults.push("not one h1");
      if (levels.some((l, i) => l > (levels[i - 1] ?? 0) + 1))
        faults.push(`headings: ${levels.join(" ")}`);
      if (!document.documentElement.lang) faults.push("no language");
      return faults;
    },
    { least: CONTRAST },
  );

/** How much wider than the window the page is, CSS px. */
export const overflowOf = (page: Page): Promise<number> =>
  page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
