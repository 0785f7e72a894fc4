import type { StackOutputs } from "../../site/stack";

/** One line of a controller's history on the state share: `<seconds> start <epoch>`, `end` or `off <machine>`. */
interface Event {
  at: number;
  by: string;
  what: string;
  /** Epoch of a start, or the machine that was switched off. */
  of: string;
}

/** Each controller's history file, by the controllers' names. @param shell output of a command on one of them */
export async function histories(
  outputs: StackOutputs,
  shell: (controller: string, command: string) => Promise<string>,
): Promise<Record<string, string>> {
  const names = Object.keys(outputs.addresses["controllers"] ?? {});
  const read = async (name: string) =>
    [name, await shell(name, `cat /mnt/slurm/ha/history.${name} 2>/dev/null; true`)] as const;
  return Object.fromEntries(await Promise.all(names.map(read)));
}

/**
 * Checks from the state share's own history that at any time at most one controller wrote the job state: between
 * the starts of two different ones the first has ended, or was switched off. Pure.
 * @param histories text of each controller's history file
 * @returns one line for each start that was too early
 */
export function twoWriters(histories: Record<string, string>): string[] {
  const events = Object.entries(histories)
    .flatMap(([by, text]) => parse(by, text))
    .sort((a, b) => a.at - b.at);
  const faults: string[] = [];
  let writer: string | undefined;
  for (const { at, by, what, of } of events) {
    if (what === "start") {
      if (writer !== undefined && writer !== by) {
        faults.push(`${by} began epoch ${of} at ${at} while ${writer} could still write`);
      }
      writer = by;
    }
    if ((what === "end" && writer === by) || (what === "off" && writer === of)) writer = undefined;
  }
  return faults;
}

const parse = (by: string, text: string): Event[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [at = "", what = "", of = ""] = line.split(" ");
      return { at: Number(at), by, what, of };
    });
