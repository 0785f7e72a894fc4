/** What says once a minute that a machine lives, and mends an uploader that stands. */
import * as path from "node:path";
import execa from "execa";
import { describe, expect, it } from "vitest";
import { projectRoot } from "../../lib/project";

/** What is there at a look; what is not said is as it was. Times: s since 1970. */
interface Look {
  at: number;
  /** When the last line was written that the store has; none where it has none. */
  cursor?: number;
  pid?: number;
  /** s that the uploader has used. */
  cpu?: number;
  /** curl's exit code, its words, and the answer. */
  curl?: number;
  said?: string;
  http?: number;
  /** When each line of the journal was written. */
  journal?: number[];
}

const MIDNIGHT = 1_795_737_600;
const at = (minutes: number, seconds = 0) => MIDNIGHT + 60 * minutes + seconds;

async function keeps(looks: Look[]): Promise<{ looks: string[][]; metrics: string }> {
  const driver = path.join(projectRoot, "test/support/logKeep.py");
  const program = path.join(projectRoot, "ansible/roles/logs/files/log-keep");
  const { stdout } = await execa("python3", ["-B", driver, program], {
    input: JSON.stringify(looks),
    env: { TZ: "UTC" },
  });
  return JSON.parse(stdout) as { looks: string[][]; metrics: string };
}
/** All that it did but the signs of life. */
const acts = ({ looks }: { looks: string[][] }): string[][] =>
  looks.map((done) => done.filter((what) => !what.includes("This machine lives")));
const minutes = (count: number, look: (minute: number) => Omit<Look, "at">): Look[] =>
  Array.from({ length: count }, (_, minute) => ({ at: at(minute), ...look(minute) }));

const UNIT = "log-upload@monitor1.service";

describe("a sign of life", () => {
  it("says how far the store is, once a minute, and metrics say it too", async () => {
    const { looks, metrics } = await keeps(minutes(2, (m) => ({ cursor: at(m, -60), cpu: m })));
    expect(looks).toEqual([
      ["<5>This machine lives. monitor1 has all until 2026-11-26 23:59:00"],
      ["<5>This machine lives. monitor1 has all until 2026-11-27 00:00:00"],
    ]);
    expect(metrics).toContain('log_upload_behind_seconds{store="monitor1"} 60\n');
    expect(metrics).toContain('log_upload_skipped_seconds{store="monitor1"} 0\n');
  });

  it("says why a store is behind, in curl's words or the store's", async () => {
    const dead = { cursor: at(0), curl: 7, said: "curl: (7) Connection refused\n" };
    const { looks } = await keeps([
      { at: at(0), ...dead },
      { at: at(12), ...dead },
      { at: at(13), curl: 0, http: 429 },
    ]);
    expect(looks.slice(1)).toEqual([
      ["<5>This machine lives. monitor1 is 12 min behind: curl: (7) Connection refused"],
      ["<5>This machine lives. monitor1 is 13 min behind: its disk is full"],
    ]);
  });
});

describe("an uploader", () => {
  it("is left alone while its store takes nothing, for however long", async () => {
    const found = await keeps(minutes(60, () => ({ cursor: at(-5), curl: 28, pid: 0 })));
    expect(acts(found).flat()).toEqual([]);
  });

  it("is left alone while it sends what has piled up", async () => {
    const found = await keeps(minutes(30, (m) => ({ cursor: at(-60), cpu: 2 * m })));
    expect(acts(found).flat()).toEqual([]);
  });

  it("that stands is started anew, then a line is left out, then two, and that is said", async () => {
    // It ends at the same line again and again: each time it is another process.
    const journal = [at(-60), at(-6), at(-5), at(-4), at(-3), at(-2)];
    const found = await keeps(minutes(10, (m) => ({ cursor: at(-6), pid: m + 1, journal })));
    const [, , , , , anew, , one, , two] = acts(found);
    expect(anew).toEqual([
      "<4>The uploader to monitor1 stands, and is started anew",
      `systemctl restart ${UNIT}`,
    ]);
    expect(one).toEqual([
      `systemctl stop ${UNIT}`,
      `/var/lib/log-upload/monitor1/state LAST_CURSOR=s=ab;i=1;b=cd;m=1;t=${(at(-5) * 1e6).toString(16)};x=ef`,
      `systemctl start ${UNIT}`,
      "<4>monitor1 lacks 1 line after 2026-11-26 23:54:00, until 2026-11-26 23:55:00: sending stood there",
    ]);
    expect(two?.at(-1)).toContain("lacks 2 lines after");
    expect(found.metrics).toContain(`log_upload_skipped_seconds{store="monitor1"} ${at(9)}\n`);
  });

  it("goes on at the newest line where the journal cannot be read", async () => {
    const looks = minutes(8, (m) => ({ cursor: at(-1), pid: m + 1, journal: [at(-2)] }));
    const last = acts(await keeps(looks)).at(-1);
    expect(last?.at(-1)).toContain("lacks lines that cannot be read after");
  });

  it("is forgiven when it has sent something", async () => {
    const found = await keeps(minutes(10, (m) => ({ cursor: m < 7 ? at(-6) : at(m), pid: m + 1 })));
    expect(acts(found).flat()).toHaveLength(2);
  });
});

it("what the journal had no room for until the store was there again is said", async () => {
  const found = await keeps([
    { at: at(0), cursor: at(0), journal: [at(-60)] },
    { at: at(60), curl: 7, journal: [at(30)] },
    { at: at(61), curl: 0, cursor: at(61) },
    { at: at(62), cursor: at(62) },
  ]);
  expect(acts(found)).toEqual([
    [],
    [],
    ["<4>monitor1 lacks all from 2026-11-27 00:00:00 to 2026-11-27 00:30:00: the journal was full"],
    [],
  ]);
});
