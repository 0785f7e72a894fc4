/**
 * What a run does that is told to end: everything that it has started ends first, so that what is removed next stays
 * removed. Told once more it ends at once, and says what removes the rest.
 */
import * as fs from "node:fs";
import { pause } from "../../lib/wait";
import { processes, readProc } from "../../lib/processes";
import type { Progress } from "../../lib/progress";
import { startOf } from "./baseRecord";
import { descendants, type Process, processOf } from "./processTree";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** Ctrl-C comes twice: from the terminal, and again from npm, which passes it on. What comes so soon is the same, ms. */
const SAME = 1000;

/** How long what was started may take to end, s. */
export interface Patience {
  /** In good order: in a terminal everything hears the signal itself. Then it is told. */
  byItself: number;
  /** After that it is killed. */
  onceTold: number;
}
const PATIENT: Patience = { byItself: 15, onceTold: 15 };
/** What was killed is gone after so long, s. */
const KILLED = 5;

export class Stopping {
  private first: { signal: NodeJS.Signals; at: number } | undefined;
  private removing = false;
  private ending: Promise<void> = Promise.resolve();
  private readonly hear = (signal: NodeJS.Signals) => this.told(signal);

  /** @param remedy the command that removes what is left when there is no time for it */
  constructor(
    private readonly remedy: string,
    private readonly progress: Progress,
    private readonly patience = PATIENT,
  ) {
    for (const signal of SIGNALS) process.on(signal, this.hear);
    // A terminal that is gone must not end what removes the stack.
    process.stdout.on("error", ignore);
    process.stderr.on("error", ignore);
  }

  /** The signal that it was told to end by. */
  get asked(): NodeJS.Signals | undefined {
    return this.first?.signal;
  }

  /** Call before anything is removed; what was running when the signal came is gone afterwards. */
  async beforeRemoval(): Promise<void> {
    await this.ending;
    this.removing = true;
  }

  /** Signals end this process again as they do any. */
  release(): void {
    for (const signal of SIGNALS) process.off(signal, this.hear);
    process.stdout.off("error", ignore);
    process.stderr.off("error", ignore);
  }

  private told(signal: NodeJS.Signals): void {
    if (this.first === undefined) {
      this.first = { signal, at: Date.now() };
      this.progress(
        `${signal}: ${this.removing ? "what was made is being removed" : "what was made is removed first"}. Once more ends this at once`,
      );
      if (!this.removing) this.ending = endChildren(this.patience);
    } else if (Date.now() - this.first.at > SAME) {
      for (const { pid } of children()) send(pid, "SIGKILL");
      // Now, whatever becomes of buffers.
      write(`\nNot everything is removed. This removes the rest: ${this.remedy}\n`);
      process.exit(1);
    }
  }
}

const ignore = () => undefined;

const write = (text: string) => {
  try {
    fs.writeSync(2, text);
  } catch {
    // Nobody is there to read it.
  }
};

/** All that this process has started and that is still there. */
function children(): Process[] {
  const all = processes().flatMap((pid) => processOf(pid, readProc(pid, "stat")) ?? []);
  return descendants(all, process.pid);
}

/** Those of them that are still there: a number may be another process's by now. */
const left = (these: Process[]): Process[] =>
  these.filter(({ pid, start }) => {
    const stat = readProc(pid, "stat");
    return startOf(stat) === start && !/^\d+ \(.*\) Z/s.test(stat);
  });

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}

/** Ends all that was started: what would go on making machines, and what was started by that. */
async function endChildren({ byItself, onceTold }: Patience): Promise<void> {
  let these = children();
  const gone = async (seconds: number): Promise<boolean> => {
    for (const end = Date.now() + seconds * 1000; Date.now() < end; await pause(0.1)) {
      these = left(these);
      if (these.length === 0) return true;
    }
    return false;
  };
  if (await gone(byItself)) return;
  // What was started meanwhile, too.
  these = [...these, ...children()];
  for (const { pid } of these) send(pid, "SIGTERM");
  if (await gone(onceTold)) return;
  these = [...these, ...children()];
  for (const { pid } of these) send(pid, "SIGKILL");
  await gone(KILLED);
}
