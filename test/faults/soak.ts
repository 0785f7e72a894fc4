import pc from "picocolors";
import { type Progress, step } from "../../lib/progress";
import { lengthOf } from "../../cli/report/render";
import { keepFigures } from "../support/measured";
import { CLIENTS, type Client, type Report } from "../support/load/faultProtocol";
import { Alarms } from "../support/falseAlerts";
import { pace } from "../support/pace";
import { seeded } from "../support/seeded";
import { baseState } from "../support/site";
import type { Case } from "./cases";
import { Cluster } from "./cluster";
import { runCase, Users } from "./suite";

/** What a client saw over all of it. */
export interface Seen {
  /** While it was at work: between two sets of clients nobody is, s. */
  seconds: number;
  away: number;
  acknowledged: number;
}
export type SeenByAll = Record<Client, Seen>;

export const nothingSeen = (): SeenByAll =>
  Object.fromEntries(
    CLIENTS.map((client) => [client, { seconds: 0, away: 0, acknowledged: 0 }]),
  ) as SeenByAll;

/** With what was seen in one more case. Pure. */
export const withReport = (all: SeenByAll, report: Report): SeenByAll =>
  Object.fromEntries(
    CLIENTS.map((client) => {
      const { seconds, away, acknowledged } = all[client];
      const now = report[client];
      const more = {
        seconds: seconds + now.seconds,
        away: away + now.awaySeconds,
        acknowledged: acknowledged + now.acknowledged,
      };
      return [client, more];
    }),
  ) as SeenByAll;

/**
 * Cases in an order of chance, without end: each once before any comes again, so that a long run has had all of them. Pure
 * but for what `random` does.
 */
export function* endless(cases: Case[], random: () => number): Generator<Case, never> {
  if (cases.length === 0) throw new Error("no cases");
  for (;;) {
    const left = [...cases];
    while (left.length > 0) yield* left.splice(Math.floor(random() * left.length), 1);
  }
}

export interface SoakFigures {
  seed: number;
  /** How long it was at it, s. */
  seconds: number;
  seen: SeenByAll;
  /** In this order, with what was wrong. */
  ran: { case: string; faults: string[] }[];
}

export interface Soak {
  /** No case begins after so long, s. */
  seconds: number;
  seed: number;
  /** Faults and changes. */
  cases: Case[];
  /** Whom the clients trust besides the site's CA, PEM. */
  authority: string;
}

/**
 * Faults and changes one after the other with clients at work, and what these saw of all of it. How long each single one may
 * take is for their own suites; here nothing may be lost or left broken.
 * @returns whether it was so
 */
export async function soak(options: Soak, progress: Progress): Promise<boolean> {
  const { seconds, seed, authority } = options;
  progress(`  seed ${seed}: npm run soak -- ${seconds}s ${seed}`);
  const cluster = new Cluster(await baseState());
  const alarms = Alarms.of(cluster.outputs);
  const cases = options.cases.filter((c) => c.once !== true).map((c) => ({ ...c, limits: {} }));
  const begin = Date.now();
  let seen = nothingSeen();
  let told = false;
  const saw = (report: Report) => {
    told = true;
    seen = withReport(seen, report);
  };
  const ran: SoakFigures["ran"] = [];
  let users: Users | undefined;
  const dismiss = async () => {
    await users?.end();
    users = undefined;
  };
  const figures = (): SoakFigures => ({ seed, seconds: (Date.now() - begin) / 1000, seen, ran });
  try {
    for (const c of endless(cases, seeded(seed))) {
      if (Date.now() - begin > seconds * 1000) break;
      if (users?.clients.isOld() === true) await dismiss();
      told = false;
      const faults = await step(`${ran.length + 1}: ${c.name}`, progress, async () => {
        // Patient ones, since changes promise that none of these sees a fault.
        users ??= await Users.start(cluster, { webUsers: "patient", authority }, saw);
        return (await runCase(c, cluster, users, pace())).faults;
      });
      faults.push(...((await alarms?.wrong(c.alerts)) ?? []));
      ran.push({ case: c.name, faults });
      for (const fault of faults) progress(`    ${pc.red(fault)}`);
      if (faults.length > 0) {
        // What broke off has told nobody what it cost.
        if (!told) await users?.clients.report().then(saw, () => undefined);
        await dismiss();
      }
      keepFigures("soak", figures(), soakTable(figures()));
    }
  } finally {
    progress(`\n${soakTable(figures())}\n`);
    await dismiss();
  }
  return ran.every(({ faults }) => faults.length === 0);
}

/** What the page says of it. Pure. */
export function soakTable({ seed, seconds, seen, ran }: SoakFigures): string {
  const bad = ran.filter(({ faults }) => faults.length > 0);
  const rows = CLIENTS.map((client) => {
    const { seconds: at, away, acknowledged } = seen[client];
    // Never rounded up.
    const share = at === 0 ? "-" : (Math.floor((1 - away / at) * 1e5) / 1e3).toFixed(3);
    return `| ${client} | ${share} | ${lengthOf(away)} | ${lengthOf(at)} | ${acknowledged} |`;
  });
  return [
    `${ran.length} faults and changes in ${lengthOf(seconds)}, seed ${seed}; ${bad.length} of them with a fault.`,
    "",
    "| client | available % | away | at work | acknowledged |",
    "| --- | --- | --- | --- | --- |",
    ...rows,
    ...(bad.length === 0 ? [] : [""]),
    ...bad.map(({ case: name, faults }) => `- ${name}: ${faults.join("; ")}`),
  ].join("\n");
}
