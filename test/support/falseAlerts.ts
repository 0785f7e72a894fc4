/** Whether somebody was called for nothing: what fired in a stretch of time, as the monitor remembers it. */
import { SCRAPE_SECONDS } from "../../components/monitor/prometheus";
import type { AlertRule } from "../../components/monitor/rules";
import type { StackOutputs } from "../../site/stack";
import type { Expected } from "./deliveries";
import { askPrometheus, type Sample } from "./prometheus";

type Severity = AlertRule["severity"];
/** A site of which nobody is called: a service is down for its users. */
export const PAGES: readonly Severity[] = ["critical"];
/** A stretch of which so much was not watched says nothing; the first look of a monitor takes a moment. */
const UNWATCHED = { share: 0.5, seconds: 45 };

/** How often each alert was found to fire within the last `seconds`, and how often any look was taken. Pure. */
export const firedQueries = (seconds: number, severities: readonly Severity[]): string[] => {
  const range = `[${Math.ceil(seconds)}s]`;
  const fires = 'alertstate="firing"';
  return [
    `count_over_time(ALERTS{${fires}, alertname!="Watchdog", severity=~"${severities.join("|")}"}${range})`,
    `count_over_time(ALERTS{${fires}, alertname="Watchdog"}${range})`,
  ];
};

/** Labels that say nothing to who reads of an alert. */
const PLAIN = new Set(["__name__", "alertname", "alertstate", "severity", "job", "tier"]);

/**
 * Alerts that fired and are none of those expected; or that too little was seen to say so. Pure.
 * @param fired answer to the first question
 * @param looks answer to the second one
 * @param seconds length of the stretch
 */
export function falselyFired(
  fired: readonly Sample[],
  looks: readonly Sample[],
  seconds: number,
  expected: readonly Expected[],
): string[] {
  const watched = Number(looks[0]?.value[1] ?? 0) * SCRAPE_SECONDS;
  const blind =
    watched < seconds * UNWATCHED.share - UNWATCHED.seconds
      ? [`alerts: only ${watched} of ${Math.round(seconds)} s were watched`]
      : [];
  const known = new Set(expected.map(({ alert }) => alert));
  return [
    ...blind,
    ...fired
      .filter(({ metric }) => !known.has(metric["alertname"] ?? ""))
      .map(({ metric, value }) => {
        const of = Object.entries(metric).flatMap(([name, text]) => (PLAIN.has(name) ? [] : text));
        const what = [metric["alertname"], ...of].join(" ");
        return `alert: ${what} fired for ${Number(value[1]) * SCRAPE_SECONDS} s`;
      }),
  ];
}

/** The alerts of a site while a suite does things to it. */
export class Alarms {
  private from = Date.now();
  /** What one case was expected to raise may still fire in the next one. */
  private before: readonly Expected[] = [];
  private constructor(
    private readonly outputs: StackOutputs,
    private readonly monitors: string[],
  ) {}

  /** Undefined where the site has no monitor. They count from now on. */
  static of(outputs: StackOutputs): Alarms | undefined {
    const monitors = Object.keys(outputs.addresses["monitor"] ?? {});
    return monitors.length === 0 ? undefined : new Alarms(outputs, monitors);
  }

  /**
   * What is wrong with what fired since this was asked last: whichever monitor says so. Never rejects: a monitor that does
   * not answer is wrong, too.
   * @param expected what belongs to the fault of that time. Default: nothing
   * @param severities of which. Default: what somebody is called for
   */
  async wrong(expected: readonly Expected[] = [], severities = PAGES): Promise<string[]> {
    const seconds = (Date.now() - this.from) / 1000;
    this.from = Date.now();
    const known = [...expected, ...this.before];
    this.before = expected;
    const said = await Promise.all(
      this.monitors.map(async (monitor) => {
        try {
          const queries = firedQueries(seconds, severities);
          const [fired, looks] = await askPrometheus(this.outputs, monitor, queries);
          if (!fired?.data || !looks?.data) throw new Error(fired?.error ?? "no answer");
          return falselyFired(fired.data.result, looks.data.result, seconds, known);
        } catch (error) {
          return [`alerts: ${monitor} does not say: ${(error as Error).message}`];
        }
      }),
    );
    return [...new Set(said.flat())];
  }
}
