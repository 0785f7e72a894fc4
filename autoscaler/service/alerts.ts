import type { Alert, Decision } from "../model";
import type { State, Trouble } from "./state";

/** Told only when it has lasted for so long, s; what is not here, at once. */
const LASTS: Partial<Record<Trouble | "saturated", number>> = {
  // A person's update, or a roll-out, is let through.
  locked: 600,
  settings: 600,
  look: 90,
  // A machine that is restarted is back within this time.
  redundancy: 90,
  saturated: 300,
};

/** What is less than it should be, in words; undefined: nothing, or nothing is known. Pure. */
export function redundancyOf({ look, serving }: Decision, min: number): string | undefined {
  const silent = Object.entries(look.proxies).filter(([, why]) => why !== undefined);
  const faults = silent.map(([name, why]) => `HAProxy node ${name} does not answer (${why})`);
  if (look.backends.length > 0 && serving < min) {
    faults.push(`${serving} web nodes serve everything, ${min} should`);
  }
  return faults.length > 0 ? faults.join("; ") : undefined;
}

/** What is the matter now. Pure. @param staleSeconds from when on missing metrics are a matter */
export function alertsOf(
  { memory, troubles }: State,
  decision: Decision | undefined,
  { now, site, staleSeconds }: { now: number; site: string; staleSeconds: number },
): Alert[] {
  const lasts = (since: number, seconds = 0): boolean => now - since >= seconds * 1000;
  const of = (trouble: Trouble) => {
    const found = troubles[trouble];
    return found && lasts(found.since, LASTS[trouble]) ? [found] : [];
  };
  const alert =
    (name: Alert["name"], severity: Alert["severity"], words: (why: string) => string) =>
    ({ since, why }: { since: number; why: string }): Alert => ({
      name,
      severity,
      summary: words(why),
      since,
    });
  const failures = [...of("failed"), ...of("look"), ...of("locked"), ...of("settings")].slice(0, 1);
  const { saturated, missing } = memory;
  const lacking = decision?.brakes.find((brake) => brake.brake === "metrics");
  // A silent HAProxy node has an alert of its own.
  const ownMatter = (lacking?.missing ?? []).filter(
    (what) =>
      !Object.keys(decision?.look.proxies ?? {}).some((name) => what.startsWith(`${name}: `)),
  );
  return [
    ...failures.map(
      alert(
        "ScalingFailed",
        "critical",
        (why) => `${site}: the web pool could not be changed: ${why}. Look: npx hpc doctor`,
      ),
    ),
    ...of("outdated").map(
      alert(
        "CloneOutdated",
        "critical",
        (why) => `${site}: the autoscaler changes nothing: ${why}`,
      ),
    ),
    ...of("sickAgain").map(
      alert(
        "NodeReplacedTwice",
        "critical",
        (why) => `${site}: a web node was replaced, and ${why}. Look: npx hpc doctor`,
      ),
    ),
    ...of("image").map(
      alert(
        "ImageNotRefreshed",
        "warning",
        (why) =>
          `${site}: new machines are made of the image before, a new one could not be built: ${why}. Again: npm run image`,
      ),
    ),
    ...of("redundancy").map(
      alert("RedundancyReduced", "warning", (why) => `${site}: ${why}. Look: npx hpc doctor`),
    ),
    ...(missing !== undefined && lasts(missing, staleSeconds) && ownMatter.length > 0
      ? [
          alert(
            "MetricsMissing",
            "warning",
            (why) => `${site}: the web pool does not shrink, metrics are missing: ${why}`,
          )({ since: missing, why: ownMatter.join(", ") }),
        ]
      : []),
    ...(decision && saturated !== undefined && lasts(saturated, LASTS.saturated)
      ? [
          alert(
            "SaturatedAtMaximum",
            "critical",
            () =>
              `${site}: the web pool has its largest size, ${decision.size}, and ${decision.wanted} are needed. Raise web.max`,
          )({ since: saturated, why: "" }),
        ]
      : []),
  ];
}
