/** All words of the page, besides those that the service says itself: alerts and findings are in English, as in its logs. */
import type { Alert, RuleName } from "../../model";
import type { Firing } from "../watched";
import type { Role, ShownStatus, Snapshot } from "../wire";
import type { View } from "./pages";
import type { Health } from "./parts";
import { ko } from "./texts.ko";

export type Language = "en" | "ko";

/** Sizes at one moment. */
export interface SizeAt {
  size: number;
  serving: number;
  wanted: number;
  schedule: number | null;
}

const nodes = (n: number) => (n === 1 ? "1 web node" : `${n} web nodes`);

const en = {
  console: "console",
  name: "Name",
  password: "Password",
  logIn: "Log in",
  loggingIn: "Logging in",
  logOut: "Log out",
  wrongPassword: "Name or password is wrong.",
  tooMany: (seconds: number) => `Too many attempts. Try again in ${seconds} s.`,
  noAnswer: "The service does not answer.",
  roles: { viewer: "viewer", operator: "operator" } as Record<Role, string>,
  skip: "Skip to content",
  live: "Live",
  notLive: "No connection",
  lostSince: (time: string) =>
    `No connection since ${time}. What is shown is from then; trying again.`,
  loading: "Loading",
  verdicts: {
    whole: "Whole",
    reduced: "Redundancy reduced",
    unknown: "Unknown",
    down: "A service is down",
  } as Record<ShownStatus["verdict"], string>,

  webNodes: "Web nodes",
  between: (min: number, max: number) => `of ${min} to ${max}`,
  serving: (n: number) => `${n} serving`,
  noLook: "The autoscaler has not looked yet.",
  running: {
    on: "Autoscaler on",
    paused: "Autoscaler paused",
    "dry-run": "Dry run: decides, changes nothing",
  } as Record<Snapshot["running"], string>,
  by: (who: string, time: string) => `by ${who}, ${time}`,
  held: (size: number, until: string, who: string) => `Held at ${size} until ${until} by ${who}`,
  updating: (what: string, since: string) => `Update since ${since}: ${what}`,
  looked: (seconds: number) => `Looked ${seconds} s ago`,

  scale: "Scale",
  holdAt: (n: number) => `Hold at ${n}`,
  release: "End hold",
  pause: "Pause",
  resume: "Resume",
  cancel: "Cancel",
  ordered: "Ordered.",
  scaleTitle: "Scale the web pool",
  holdTitle: "Hold the web pool",
  size: (min: number, max: number) => `Web nodes (${min} to ${max})`,
  duration: "For",
  minutes: (m: number) => (m < 60 ? `${m} min` : `${m / 60} h`),
  holdConsequence: (from: number, to: number, until: string) =>
    `${from === to ? `The pool stays at ${nodes(to)}` : `The pool goes from ${from} to ${nodes(to)} and stays there`} until ${until}, whatever load and schedule ask for. Then the autoscaler takes over again.`,
  holdConfirm: (n: number) => `Hold at ${n}`,
  releaseTitle: "End the hold",
  releaseConsequence: "The autoscaler decides on the size again at its next look.",
  releaseConfirm: "End hold",
  pauseTitle: "Pause the autoscaler",
  pauseConsequence:
    "The pool keeps its size, whatever load and schedule ask for, until somebody resumes. Looks and alerts go on.",
  pauseConfirm: "Pause",
  resumeTitle: "Resume the autoscaler",
  resumeConsequence: "The autoscaler decides on the size again at its next look.",
  resumeConfirm: "Resume",

  alerts: (n: number) => (n === 1 ? "1 alert" : `${n} alerts`),
  severities: { warning: "Warning", critical: "Critical" } as Record<Alert["severity"], string>,
  alertNames: {
    ScalingFailed: "Scaling failed",
    MetricsMissing: "Metrics are missing",
    SaturatedAtMaximum: "At the maximum, and still overloaded",
    NodeReplacedTwice: "A web node was replaced twice",
    RedundancyReduced: "Redundancy is reduced",
    CloneOutdated: "The clone is outdated",
    ImageNotRefreshed: "The image of new machines is an old one",
  } as Record<Alert["name"], string>,
  since: (time: string) => `since ${time}`,

  plot: "Pool and load",
  span: "Span",
  hours: (n: number) => `${n} h`,
  missing: "missing",
  noHistory: "No looks yet. The plot begins with the first one.",
  growsAbove: (goal: string) => `grows above ${goal}`,
  growsAndShrinks: (goal: string, low: string) => `grows above ${goal}, shrinks below ${low}`,
  moment: "Moment to explain",
  nowWord: "now",
  plotHint: (zone: string) =>
    `Times of ${zone}. Solid: size; dashed: asked for; dotted: schedule. Arrows: the pool was changed. Choose a moment to see why.`,
  sizeAt: ({ size, serving, wanted, schedule }: SizeAt) =>
    [
      `${size}`,
      `${serving} serving`,
      `${wanted} asked for`,
      ...(schedule === null ? [] : [`schedule ${schedule}`]),
    ].join(" · "),

  why: "Why",
  backToNow: "Back to now",
  rule: "Rule",
  measured: "Measured",
  goal: "Goal",
  asks: "Asks for",
  rules: {
    connections: "Sessions per node",
    queue: "Requests waiting",
    cpu: "CPU",
    schedule: "Schedule",
  } as Record<RuleName, string>,
  age: (seconds: number) => `${seconds} s old`,
  together: "Together",
  decided: (size: number) => `Decided, with ${size} now`,
  heldBack: "Held back by",
  brakes: {
    window: (until: string) => `Scale-in window until ${until}`,
    budget: (until: string) => `Removals used up until ${until}`,
    cooldown: (until: string) => `Cooldown until ${until}`,
    maximum: (limit: number) => `Maximum of ${limit}`,
    minimum: (limit: number) => `Minimum of ${limit}`,
    schedule: (limit: number, until?: string) =>
      `Schedule: ${limit}${until === undefined ? "" : ` until ${until}`}`,
    hold: (size: number, until: string) => `Held at ${size} until ${until}`,
    paused: "Paused",
    update: (since: string) => `Update since ${since}`,
    metrics: (missing: string) => `Missing: ${missing}`,
    tolerance: "Within tolerance",
  },
  proxySilent: (name: string, why: string) => `${name} did not answer: ${why}`,

  topology: "Machines",
  noStatus: "The machines have not been asked yet.",
  tiers: {
    entry: "HAProxy",
    web: "Web",
    redis: "Redis",
    galera: "Galera",
    controllers: "Slurm controllers",
    compute: "Compute nodes",
    share: "State share",
    login: "Login",
    monitor: "Monitor",
  } as Record<string, string>,
  healths: { good: "well", warn: "reduced", bad: "not well", unknown: "unknown" } as Record<
    Health,
    string
  >,
  vips: (names: string) => `VIP ${names}`,
  primary: "primary",
  backup: "backup",
  unfit: "not fit",
  master: "master",
  replica: "replica",
  noWrites: "takes no writes",
  notFollowing: "not following",
  clients: (n: number) => (n === 1 ? "1 client" : `${n} clients`),
  silent: "does not answer",
  sessions: (n: number) => (n === 1 ? "1 session" : `${n} sessions`),
  cpu: (percent: number) => `CPU ${percent} %`,
  servesSome: (n: number, of: number) => `serves ${n} of ${of}`,

  pagesLabel: "Pages",
  pages: {
    autoscaler: "Autoscaler",
    alerts: "Alerts",
    cluster: "Cluster",
    slurm: "Slurm",
    web: "Web",
    data: "Data",
    hosts: "Machines",
  } as Record<View, string>,
  hoursOrDays: (n: number) => (n <= 24 ? `${n} h` : `${n / 24} d`),
  toldBy: (monitor: string) => `from ${monitor}`,
  monitorSilent: (why: string) => `The monitor does not answer: ${why}`,
  noCurves: "Nothing in this span.",
  yes: "yes",
  no: "no",
  noAlerts: "Nothing fires.",
  ranks: { critical: "Critical", warning: "Warning", info: "Info" } as Record<
    Firing["severity"],
    string
  >,
  silence: "Silence",
  endSilence: "End silence",
  silenced: (by: string, until: string) => `Silenced by ${by} until ${until}.`,
  silenceConsequence: (until: string) =>
    `Nobody is told of this alert until ${until}, also if it gets worse. It stays on this page.`,
  endSilenceConsequence: "Whoever is told of alerts is told of this one again.",

  changes: "Changes of the last day",
  noChanges: "The pool was not changed in the last day.",
  at: "Time",
  reason: "Why",
};

export type Texts = typeof en;
export const texts: Record<Language, Texts> = { en, ko };
