import * as fs from "node:fs";
import * as path from "node:path";
import { projectRoot } from "../../lib/project";

/** The page for people; each program that measures owns a section of it. */
const PAGE = path.join(projectRoot, "docs", "measured.md");

/** Figures of one kind as JSON beside the page, e.g. "faults". */
const dataFile = (kind: string) => path.join(projectRoot, "docs", `${kind}.json`);

/** Figures that an earlier run kept; undefined when there are none. */
export function keptFigures(kind: string): unknown {
  const file = dataFile(kind);
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : undefined;
}

/** Keeps figures as JSON, and as text in their section of the page. */
export function keepFigures(kind: string, figures: unknown, text: string): void {
  fs.writeFileSync(dataFile(kind), `${JSON.stringify(figures, null, 2)}\n`);
  fs.writeFileSync(PAGE, withSection(fs.readFileSync(PAGE, "utf8"), kind, text));
}

/**
 * Replaces what is between the marks of a section. Pure.
 * @throws when the page has no such marks
 */
export function withSection(page: string, kind: string, text: string): string {
  const [begin, end] = [`<!-- ${kind}: begin -->`, `<!-- ${kind}: end -->`];
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`docs/measured.md has no section "${kind}"`);
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`;
}
