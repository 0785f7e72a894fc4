import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";
import type { Panel, PanelPage, Unit } from "../components/monitor/panels";

/** Grafana's names. */
const UNITS: Record<Unit, string> = {
  count: "short",
  share: "percentunit",
  bytes: "bytes",
  "bytes/s": "Bps",
  seconds: "s",
  "1/s": "ops",
  "1/min": "opm",
  "yes or no": "bool_yes_no",
};
/** Which of Grafana's Prometheus it reads is chosen on the dashboard. */
const SOURCE = { type: "prometheus", uid: "${source}" };
/** Two beside each other: Grafana's grid has 24 columns. */
const SPAN = 12;
const HEIGHT = 8;

/** A page of panels as a dashboard of Grafana's. @param site its name @returns JSON that Grafana imports */
export function dashboardOf(site: string, { name, title, panels }: PanelPage): string {
  const board = new dashboard.DashboardBuilder(`${site}: ${title}`)
    // The same at each import: it takes the place of the one before. Grafana takes 40 characters.
    .uid(`${site}-${name}`.slice(-40))
    .tags(["hpc-ha", site])
    .readonly()
    .time({ from: "now-6h", to: "now" })
    .refresh("30s")
    .withVariable(
      new dashboard.DatasourceVariableBuilder("source").label("Prometheus").type("prometheus"),
    );
  for (const panel of panels) board.withPanel(plot(panel));
  return JSON.stringify(board.build(), undefined, 2);
}

const plot = ({ title, unit, expr, by, help }: Panel) =>
  new timeseries.PanelBuilder()
    .title(title)
    .description(help)
    .unit(UNITS[unit])
    .datasource(SOURCE)
    .span(SPAN)
    .height(HEIGHT)
    .withTarget(
      new prometheus.DataqueryBuilder()
        .expr(expr)
        .legendFormat(by.length === 0 ? title : by.map((label) => `{{${label}}}`).join(" "))
        .refId("A")
        .range(),
    );
