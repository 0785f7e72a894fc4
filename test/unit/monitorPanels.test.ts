/** The monitor's panels: what Prometheus reads of them, and Grafana gets. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import * as yaml from "js-yaml";
import { afterAll, expect, it } from "vitest";
import { dashboardOf } from "../../cli/dashboards";
import { PAGES, panelPages } from "../../components/monitor/panels";
import { ruleGroups } from "../../components/monitor/rules";
import { projectRoot } from "../../lib/project";
import { selectorsOf } from "../support/promql";

const services = ["hub", "app"];
const pages = panelPages(services);
const panels = pages.flatMap((page) => page.panels);
const directory = mkdtempSync(path.join(tmpdir(), "hpc-ha-panels-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** Names of the metrics that Debian's exporters of MariaDB 10.11 (Galera), Redis 7.0 and Sentinel, and of https have: captured. */
const captured = new Set(
  readFileSync(
    path.join(projectRoot, "test/unit/fixtures/monitor/exporterMetrics.txt"),
    "utf8",
  ).split("\n"),
);

it("are five pages, no title twice on one, each with a sentence of help", () => {
  expect(pages.map(({ name }) => name)).toEqual(PAGES);
  for (const page of pages) {
    const titles = page.panels.map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
  }
  expect(panels.filter(({ help }) => !/^[A-Z].*\.$/.test(help))).toEqual([]);
});

it("have expressions that Prometheus reads, and that give a number of their unit", async () => {
  const rules = panels.map(({ expr }, i) => ({ record: `panel:${i}`, expr }));
  const file = path.join(directory, "panels.yml");
  writeFileSync(file, yaml.dump({ groups: [{ name: "panels", rules }] }));
  const options = { all: true, reject: false } as const;
  const { all, failed } = await execa("promtool", ["check", "rules", file], options);
  expect(failed ? all : "").toBe("");
});

it("read metrics of the data tier and of https that the exporters have, as the rules do", () => {
  const rules = Object.values(ruleGroups({ services, drainSeconds: 300, monitors: 2 })).flat();
  const read = [...panels, ...rules].flatMap(({ expr }) =>
    selectorsOf(expr).map((selector) => selector.replace(/\{.*/, "")),
  );
  const ofExporters = read.filter((name) => /^(mysql|redis|probe)_/.test(name));
  expect(ofExporters.length).toBeGreaterThan(40);
  expect(ofExporters.filter((name) => !captured.has(name))).toEqual([]);
});

it("name each curve by a label that the expression leaves", () => {
  for (const { title, expr, by } of panels) {
    const kept = /\bby \(([^)]*)\)/.exec(expr)?.[1];
    if (kept !== undefined)
      expect([title, kept.split(", ").sort()]).toEqual([title, [...by].sort()]);
  }
});

it("are a dashboard of Grafana's for each page, with a uid of its own that Grafana takes", () => {
  const boards = pages.map(
    (page) =>
      JSON.parse(dashboardOf("hpc-ha-prod", page)) as {
        uid: string;
        panels: { title: string; targets: { expr: string; legendFormat: string }[] }[];
        templating: { list: { name: string; query: string }[] };
      },
  );
  expect(new Set(boards.map(({ uid }) => uid)).size).toBe(PAGES.length);
  expect(boards.every(({ uid }) => /^[\w-]{1,40}$/.test(uid))).toBe(true);
  expect(boards[0]?.templating.list).toMatchObject([{ name: "source", query: "prometheus" }]);
  const shown = boards.flatMap((board) => board.panels);
  expect(shown.map(({ targets }) => targets[0]?.expr)).toEqual(panels.map(({ expr }) => expr));
  const longest = dashboardOf(`hpc-ha-${"x".repeat(54)}`, pages[0]!);
  expect((JSON.parse(longest) as { uid: string }).uid).toMatch(/^[\w-]{1,40}$/);
});
