import * as child from "node:child_process";
import * as os from "node:os";
import { createInterface } from "node:readline";

/** How often the holder of the lock says that it is there, ms. */
const HEARTBEAT = 5000;
/** A holder that was silent for so long is dead: its seats are free, s. Four heartbeats. */
const SILENCE = 20;

/** On a seat: what the lock is of, and who has it: the keeper's process, then the holder as JSON. */
export const LOCK_FILE = "/run/hpc-ha.lock";
export const HOLDER_FILE = "/run/hpc-ha.holder";
/** A file of the name of each thing that was begun. */
const BEGUN = "/var/lib/hpc-ha/begun";

/** Shell text for a seat: names of what was begun and not ended. */
export const LOOK_FOR_BEGUN = `ls ${BEGUN} 2>/dev/null; true`;

/** A machine of the site on which the lock is kept, and ssh with its arguments up to the remote command. */
export interface Seat {
  machine: string;
  ssh: string[];
}

/** Who has the lock. */
export interface Holder {
  /** User, machine and process. */
  who: string;
  /** ISO 8601. */
  since: string;
  /** What for, as a command. */
  what: string;
}

/** This user and machine. @param pid of the process that it is held for */
export const holderHere = (pid: number, what: string): Holder => ({
  who: `${os.userInfo().username}@${os.hostname()} (process ${pid})`,
  since: new Date().toISOString(),
  what,
});

/** The lock of a site, as long as it is held. */
export interface SiteLock {
  /** Aborted, with the reason, when it is not held any more: whoever works then stops before the next machine. */
  signal: AbortSignal;
  /** What the last holder wrote and did not clear; "" when there is nothing. */
  journal: string;
  /** Keeps one line on the site, on each machine that has the lock. "" clears it. */
  write: (journal: string) => void;
  /**
   * Keeps on the site that something was begun, until it is ended: also when this process is killed, and for whoever
   * comes next from wherever. @param what name of a tier, or of what else is changed as one
   */
  begin: (what: string) => void;
  end: (what: string) => void;
  release(): Promise<void>;
}

/**
 * What runs on a machine while it has the lock. The lock is the kernel's: it is gone with this very process, which ends
 * when the connection does, or when the holder is silent. So the lock of a dead holder goes by itself, and that of a
 * slow one stays.
 */
const KEEPER = `
umask 077
mkdir -p /var/lib/hpc-ha
exec 9>>${LOCK_FILE}
if ! flock -n 9; then echo taken; cat ${HOLDER_FILE} 2>/dev/null; exit; fi
read -r -t ${SILENCE} holder || exit
printf "%s\\n%s\\n" $$ "$holder" >${HOLDER_FILE}
echo held
cat /var/lib/hpc-ha/journal 2>/dev/null
echo
while read -r -t ${SILENCE} line; do
  case $line in
    "") ;;
    -) rm -f /var/lib/hpc-ha/journal ;;
    "begin "*) mkdir -p ${BEGUN} && : >"${BEGUN}/\${line#* }" ;;
    "end "*) rm -f "${BEGUN}/\${line#* }" ;;
    *) printf "%s\\n" "$line" >/var/lib/hpc-ha/journal.new && mv /var/lib/hpc-ha/journal.new /var/lib/hpc-ha/journal ;;
  esac
done
rm -f ${HOLDER_FILE}`;

/** Somebody else has it. */
export const takenMessage = (machine: string, holder: Holder | undefined): string =>
  holder
    ? `the site is locked (on ${machine}) by ${holder.who} since ${holder.since}, for: ${holder.what}. ` +
      "When that has ended, the same command again; if it hangs: npx hpc unlock"
    : `the site is locked (on ${machine}) by somebody else. The same command again; if that hangs: npx hpc unlock`;

/** What a machine's file says of the holder: its process there, and who it is. */
export function readHolder(text: string): { pid: number; holder: Holder } | undefined {
  const [pid = "", json = ""] = text.trim().split("\n");
  try {
    return { pid: Number(pid), holder: JSON.parse(json) as Holder };
  } catch {
    return undefined;
  }
}

interface Kept {
  machine: string;
  process: child.ChildProcess;
  ended: Promise<void>;
  journal: string;
}

/**
 * Takes a site's lock: on every seat that answers. Two holders meet on any seat that both can reach, and one of them is
 * told who the other is. Where no seat answers there is no site that two could work on at once: then it counts as held.
 * @throws Error that names the holder
 */
export async function takeLock(seats: Seat[], holder: Holder): Promise<SiteLock> {
  const abort = new AbortController();
  const kept = new Map<string, Kept>();
  const begun = new Set<string>();
  const tell = (line: string) => {
    for (const { process } of kept.values()) process.stdin?.write(`${line}\n`);
  };
  let over = false;
  let regaining = false;
  const sit = async (seat: Seat): Promise<void> => {
    const found = await occupy(seat, holder);
    if (!found) return;
    kept.set(seat.machine, found);
    for (const what of begun) found.process.stdin?.write(`begin ${what}\n`);
    void found.ended.then(() => {
      kept.delete(seat.machine);
      if (over || kept.size > 0) return;
      abort.abort(
        new Error("the lock of the site was lost: taken away, or no machine that has it answers"),
      );
    });
  };
  const release = async () => {
    over = true;
    clearInterval(beat);
    const all = [...kept.values()];
    for (const { process } of all) process.stdin?.end();
    await Promise.all(all.map(({ ended }) => ended));
  };
  // A machine that was restarted has lost its lock: it is taken again before the last other one goes.
  const regain = () =>
    seats
      .filter(({ machine }) => !kept.has(machine))
      .reduce((before, seat) => before.then(() => sit(seat)), Promise.resolve());
  const beat = setInterval(() => {
    tell("");
    if (regaining || kept.size === 0 || kept.size === seats.length) return;
    regaining = true;
    void regain()
      .catch((error: Error) => abort.abort(error))
      .finally(() => (regaining = false));
  }, HEARTBEAT);
  beat.unref();
  try {
    await regain();
  } catch (error) {
    await release();
    throw error;
  }
  return {
    signal: abort.signal,
    journal: [...kept.values()].find(({ journal }) => journal !== "")?.journal ?? "",
    write: (text) => tell(text === "" ? "-" : text),
    begin: (what) => {
      begun.add(what);
      tell(`begin ${what}`);
    },
    end: (what) => {
      begun.delete(what);
      tell(`end ${what}`);
    },
    release,
  };
}

/**
 * @returns undefined when the machine does not answer
 * @throws Error that names the holder
 */
async function occupy({ machine, ssh }: Seat, holder: Holder): Promise<Kept | undefined> {
  const [file = "ssh", ...args] = ssh;
  const keeper = child.spawn(file, [...args, `exec bash -c '${KEEPER}'`], {
    stdio: ["pipe", "pipe", "ignore"],
  });
  const ended = new Promise<void>((resolve) => {
    keeper.once("error", () => resolve());
    keeper.once("close", () => resolve());
  });
  // It may end before it has read: its answer tells.
  keeper.stdin.on("error", () => undefined);
  keeper.stdin.write(`${JSON.stringify(holder)}\n`);
  const lines = createInterface(keeper.stdout)[Symbol.asyncIterator]();
  const line = async () => {
    const next = await lines.next();
    return next.done === true ? undefined : next.value;
  };
  const answer = await line();
  if (answer === "held") return { machine, process: keeper, ended, journal: (await line()) ?? "" };
  if (answer === undefined) return undefined;
  const said = `${(await line()) ?? ""}\n${(await line()) ?? ""}`;
  keeper.kill();
  throw new Error(takenMessage(machine, readHolder(said)?.holder));
}
