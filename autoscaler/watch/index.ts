import { type PanelPage, panelPages } from "../../components/monitor/panels";
import type { FiringNow, PageName, ShownPage, Span } from "../console/watched";
import type { Asker } from "../metrics/ask";
import {
  type Alerts,
  endCommand,
  firingQuestion,
  readFiring,
  silenceCommand,
  type SilenceOrder,
} from "./alertmanager";
import { Monitors } from "./monitors";
import { question, rangeOf, readPage } from "./prometheus";

/** What the console shows of the site's monitor. */
export interface WatchSource {
  pages: { name: PageName; title: string }[];
  /** @throws NoMonitor */
  page(name: PageName, hours: Span): Promise<ShownPage>;
  /** @throws NoMonitor */
  firing(): Promise<FiringNow>;
  /** @param by name of the operator @throws Error in words for that person when it cannot be done */
  silence(order: SilenceOrder, by: string): Promise<void>;
}

export interface WatchOptions {
  monitors: { name: string; address: string }[];
  ports: { prometheus: number; alertmanager: number };
  /** Names of the web services. */
  services: string[];
  ask: Asker;
  /** ms since 1970. */
  now: () => number;
}

/** How long an answer serves all who ask the same, ms: Prometheus itself looks every 15 s. */
const FRESH = 10_000;

/** The monitor by way of its machines, as root by ssh: its ports are open for nobody else. */
export class Watch implements WatchSource {
  readonly pages: PanelPage[];
  private readonly monitors: Monitors;
  private readonly kept = new Map<string, { at: number; page: Promise<ShownPage> }>();

  constructor(private readonly options: WatchOptions) {
    this.pages = panelPages(options.services);
    this.monitors = new Monitors(options.monitors, options.ask);
  }

  page(name: PageName, hours: Span): Promise<ShownPage> {
    const key = `${name} ${hours}`;
    const now = this.options.now();
    const kept = this.kept.get(key);
    if (kept && now - kept.at < FRESH) return kept.page;
    const page = this.ask(name, hours, now);
    this.kept.set(key, { at: now, page });
    // What could not be had is asked for again.
    page.catch(() => this.kept.delete(key));
    return page;
  }

  async firing(): Promise<FiringNow> {
    const { from, value } = await this.alerts();
    return { from, alerts: value.firing };
  }

  async silence(order: SilenceOrder, by: string): Promise<void> {
    if (order.kind === "end") {
      await this.tell((url) => endCommand(url, order.id));
      return;
    }
    const labels = (await this.alerts()).value.labels[order.fingerprint];
    if (!labels) throw new Error("this alert does not fire any more");
    await this.tell((url) => silenceCommand(url, labels, order, by, this.options.now()));
  }

  private async ask(name: PageName, hours: Span, now: number): Promise<ShownPage> {
    const page = this.pages.find((p) => p.name === name);
    if (!page) throw new Error(`no page ${name}`);
    const range = rangeOf(hours, now);
    const { from, value } = await this.monitors.answer(
      (address) =>
        question(page.panels, `http://${address}:${this.options.ports.prometheus}`, range),
      (text) => readPage(text, page, range),
    );
    return { ...value, from };
  }

  private alerts = (): Promise<{ from: string; value: Alerts }> =>
    this.monitors.answer((address) => firingQuestion(this.alertmanager(address)), readFiring);

  /** Whichever takes it tells the other. */
  private tell = (command: (url: string) => string) =>
    this.monitors.answer((address) => command(this.alertmanager(address)), String);

  private alertmanager = (address: string) =>
    `http://${address}:${this.options.ports.alertmanager}`;
}
