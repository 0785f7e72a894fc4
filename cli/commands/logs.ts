import { failureOr, type Machines, RemoteFailure } from "../../lib/machines";
import { machinesOf } from "../../plan/outputs";
import type { Command } from "../command";
import { durationOf } from "../duration";
import {
  inOrder,
  journalCommand,
  type LogFilter,
  type LogLine,
  MOST_LINES,
  readJournal,
  readStored,
  renderLine,
  storeCommand,
} from "../logs";
import { runningSite } from "../runningSite";

/** How far back unless a person says so. */
const USUAL = "1h";
/** Longest time for the store to find lines, s: a minute is what it gives itself. */
const SECONDS = 70;

/**
 * `npx hpc logs [MACHINE|TIER] [--since TIME] [--grep TEXT]`: what the machines logged, in the order of time. A monitor is
 * asked, or the machines themselves where none answers.
 * @returns 1 when a machine that was asked itself did not answer
 */
export const logs: Command = async (context) => {
  const { args, flags, json, progress } = context;
  const one = (flag: string) => {
    const [value, ...others] = flags[flag] ?? [];
    if (others.length > 0) throw new Error(`--${flag}: once`);
    return value;
  };
  const { machines } = runningSite(context);
  const filter: LogFilter = {
    machines: chosen(machinesOf(context.outputs), args[0]),
    since: durationOf("--since", one("since") ?? USUAL),
    grep: one("grep"),
  };
  const { lines, silent } = await collect(machines, filter, progress);
  const found = inOrder(lines);
  if (json) console.log(JSON.stringify(found, null, 2));
  else found.forEach((line) => console.log(renderLine(line)));
  if (found.length === MOST_LINES) {
    progress(`Only the last ${MOST_LINES} lines: --since or --grep makes them fewer`);
  }
  return silent ? 1 : 0;
};

/**
 * Machines by the name of one, or of a tier. Pure.
 * @param word default: all @throws Error when there is no such machine or tier
 */
export function chosen(all: readonly { name: string; tier: string }[], word?: string): string[] {
  const names = all
    .filter(({ name, tier }) => word === undefined || word === name || word === tier)
    .map(({ name }) => name);
  if (names.length > 0) return names;
  const tiers = [...new Set(all.map(({ tier }) => tier))];
  throw new Error(
    `no machine and no tier "${word}"; tiers: ${tiers.join(", ")}; machines: ${all.map(({ name }) => name).join(", ")}`,
  );
}

/** The lines of who knows them. @param machines of the site */
export async function collect(
  machines: Pick<Machines, "names" | "run">,
  filter: LogFilter,
  progress: (text: string) => void,
): Promise<{ lines: LogLine[]; /** Whether a machine did not tell. */ silent: boolean }> {
  const monitors = machines.names("monitor");
  for (const monitor of monitors) {
    const said = await failureOr(() => machines.run(monitor, storeCommand(filter), SECONDS));
    if (!(said instanceof RemoteFailure)) return { lines: readStored(said), silent: false };
    progress(`No logs from there: ${said.message}`);
  }
  if (monitors.length > 0) {
    progress(
      "No monitor knows: the machines are asked. slurmctld's log is on the state share only",
    );
  }
  const all = await Promise.all(
    filter.machines.map((name) =>
      failureOr(() => machines.run(name, journalCommand(filter), SECONDS)),
    ),
  );
  const lost = all.filter((said) => said instanceof RemoteFailure);
  lost.forEach(({ message }) => progress(message));
  const lines = all.flatMap((said) => (said instanceof RemoteFailure ? [] : readJournal(said)));
  return { lines, silent: lost.length > 0 };
}
