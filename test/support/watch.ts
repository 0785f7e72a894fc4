/** A monitor for the console that is made up. */
import type {
  Firing,
  FiringNow,
  PageName,
  ShownPage,
  Span,
} from "../../autoscaler/console/watched";
import type { WatchSource } from "../../autoscaler/watch";
import type { SilenceOrder } from "../../autoscaler/watch/alertmanager";
import { panelPages } from "../../components/monitor/panels";
import { SERVICES } from "./madeDay";

const POINTS = 120;

export class MadeWatch implements WatchSource {
  readonly pages = panelPages(SERVICES);
  readonly silenced: { order: SilenceOrder; by: string }[] = [];
  /** Which of them answers; undefined: none. */
  from: "monitor1" | "monitor2" | undefined = "monitor1";
  readonly alerts: Firing[];

  /** @param until when it is, ms since 1970 */
  constructor(
    private readonly until: number,
    /** What is thrown where none answers. */
    private readonly none: Error = new Error("no monitor"),
  ) {
    this.alerts = [
      {
        fingerprint: "09d4a95775801de1",
        name: "GaleraSmall",
        severity: "warning",
        summary: "The Galera cluster has 2 nodes, fewer than it should.",
        meaning: "It serves.",
        next: "npx hpc doctor",
        since: until - 600_000,
      },
    ];
  }

  page(name: PageName, hours: Span): Promise<ShownPage> {
    const page = this.pages.find((p) => p.name === name);
    if (this.from === undefined || !page) return Promise.reject(this.none);
    const step = (hours * 3_600_000) / (POINTS - 1);
    return Promise.resolve({
      ...page,
      from: this.from,
      times: Array.from({ length: POINTS }, (_, i) => this.until - (POINTS - 1 - i) * step),
      panels: page.panels.map(({ title, unit, help, by }, n) => ({
        title,
        unit,
        help,
        curves: (by.length === 0 ? [""] : ["redis1", "galera2", "web3"]).map((curve, c) => ({
          name: curve,
          values: Array.from({ length: POINTS }, (_, i) =>
            // A gap, as of a monitor that was away.
            i > 40 && i < 50 ? null : 0.5 + 0.4 * Math.sin((i + 20 * c + 7 * n) / 9),
          ),
        })),
      })),
    });
  }

  firing(): Promise<FiringNow> {
    const { from, alerts } = this;
    return from === undefined ? Promise.reject(this.none) : Promise.resolve({ from, alerts });
  }

  silence(order: SilenceOrder, by: string): Promise<void> {
    this.silenced.push({ order, by });
    const [alert] = this.alerts;
    if (!alert) return Promise.reject(new Error("this alert does not fire any more"));
    if (order.kind === "end") delete alert.silence;
    else {
      const id = "24e06547-9755-4874-9fee-bf421817c076";
      const { hours, comment } = order;
      alert.silence = { id, by, until: this.until + hours * 3_600_000, comment };
    }
    return Promise.resolve();
  }
}
