/** `npx hpc logs`: what is asked of whom, and what is shown. Answers are captured: of VictoriaLogs 1.52.1 and of journalctl 252. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { describe, expect, it } from "vitest";
import { chosen, collect } from "../../cli/commands/logs";
import {
  inOrder,
  journalCommand,
  type LogLine,
  readJournal,
  readStored,
  renderLine,
  storeCommand,
} from "../../cli/logs";
import { RemoteFailure } from "../../lib/machines";

process.env["TZ"] = "Asia/Seoul";
const captured = (name: string) =>
  readFileSync(path.join(__dirname, "fixtures/logs", `${name}.jsonl`), "utf8");

describe("a question", () => {
  it("to a store quotes what a person types, for the shell and for LogsQL", () => {
    const filter = { machines: ["redis1"], since: 7200, grep: `it's "(a.b)" 로그` };
    expect(storeCommand(filter)).toBe(
      `log-query '_time:7200s _HOSTNAME:in("redis1") _msg:~"(?i)it'\\''s \\"\\\\(a\\\\.b\\\\)\\" 로그" ` +
        "| fields _time,_HOSTNAME,SYSLOG_IDENTIFIER,_COMM,_PID,_msg | sort by (_time desc) limit 10000'",
    );
  });

  it("to a machine finds the same, and finding nothing is no failure", () => {
    expect(journalCommand({ since: 60, grep: "a.b" })).toBe(
      "journalctl --quiet --no-pager --all --output=json " +
        "--output-fields=_HOSTNAME,SYSLOG_IDENTIFIER,_COMM,_PID,MESSAGE --since=-60s --lines=10000 " +
        "--case-sensitive=no --grep='a\\.b' || [ $? = 1 ]",
    );
  });
});

describe("an answer", () => {
  const stored = inOrder(readStored(captured("store")));
  const journal = inOrder(readJournal(captured("journal")));

  it("is in the order of time, to the microsecond, with who wrote what", () => {
    expect(stored[0]).toEqual({
      at: 1795754534564624,
      machine: "galera1",
      source: "redis-server[12]",
      text: "line 2 한국어 로그 [x]",
    });
    expect(stored.map(({ source }) => source)).toEqual([
      "redis-server[12]",
      "py[33]",
      "raw",
      "log-keep[9]",
    ]);
  });

  it("is the same from a store and from the machine itself", () => {
    expect(journal).toEqual(stored);
  });

  it("has once what was sent twice", () => {
    expect(inOrder([...stored, ...stored])).toEqual(stored);
  });

  it("is shown in the time of who asks; a terminal obeys nothing of it", () => {
    expect(journal.map(renderLine)).toEqual([
      "2026-11-27 13:42:14.564 galera1 redis-server[12]: line 2 한국어 로그 [x]",
      "2026-11-27 13:42:16.064 galera1 py[33]: two\n    lines",
      "2026-11-27 13:42:17.564 galera1 raw: bytes \ufffd·[31m red",
      "2026-11-27 13:42:19.064 galera1 log-keep[9]: This machine lives. monitor1 has all until 2026-11-27 04:45:30",
    ]);
  });

  it("may lack who wrote it, and what", () => {
    const row = '{"__REALTIME_TIMESTAMP":"1795754534564624","_HOSTNAME":"a","MESSAGE":null}';
    expect(readJournal(row)).toEqual([
      { at: 1795754534564624, machine: "a", source: "?", text: "" },
    ]);
  });
});

describe("machines", () => {
  const all = [
    { name: "redis1", tier: "redis" },
    { name: "redis2", tier: "redis" },
    { name: "monitor1", tier: "monitor" },
  ];

  it("are all, those of a tier, or one", () => {
    expect(chosen(all)).toEqual(["redis1", "redis2", "monitor1"]);
    expect(chosen(all, "redis")).toEqual(["redis1", "redis2"]);
    expect(chosen(all, "redis2")).toEqual(["redis2"]);
    expect(() => chosen(all, "web")).toThrow(
      'no machine and no tier "web"; tiers: redis, monitor; machines: redis1, redis2, monitor1',
    );
  });
});

describe("who is asked", () => {
  const filter = { machines: ["redis1", "redis2"], since: 60 };
  /** @param answers by machine; one without does not answer */
  const ask = async (monitors: string[], answers: Record<string, string>) => {
    const asked: string[] = [];
    const said: string[] = [];
    const machines = {
      names: () => monitors,
      run: (name: string) => {
        asked.push(name);
        const answer = answers[name];
        return answer === undefined
          ? Promise.reject(new RemoteFailure(name, undefined, "does not answer"))
          : Promise.resolve(answer);
      },
    };
    const { lines, silent } = await collect(machines, filter, (text) => said.push(text));
    return { asked, said, silent, lines: lines.map(({ machine }: LogLine) => machine) };
  };
  const STORED = '{"_time":"2026-11-27T04:42:19Z","_HOSTNAME":"redis1","_msg":"x"}\n';
  const OWN = '{"__REALTIME_TIMESTAMP":"1","_HOSTNAME":"redis2","MESSAGE":"x"}\n';

  it("is a monitor, and the other where that one does not answer", async () => {
    expect(await ask(["m1", "m2"], { m1: STORED, m2: STORED })).toEqual({
      asked: ["m1"],
      said: [],
      silent: false,
      lines: ["redis1"],
    });
    expect(await ask(["m1", "m2"], { m2: STORED })).toEqual({
      asked: ["m1", "m2"],
      said: ["No logs from there: m1: does not answer"],
      silent: false,
      lines: ["redis1"],
    });
  });

  it("is each machine where there is no monitor; who does not answer is named", async () => {
    expect(await ask([], { redis2: OWN })).toEqual({
      asked: ["redis1", "redis2"],
      said: ["redis1: does not answer"],
      silent: true,
      lines: ["redis2"],
    });
  });

  it("is each machine where no monitor answers, and that is said", async () => {
    const { asked, said } = await ask(["m1"], { redis1: OWN, redis2: OWN });
    expect(asked).toEqual(["m1", "redis1", "redis2"]);
    expect(said[1]).toMatch(/^No monitor knows/);
  });
});
