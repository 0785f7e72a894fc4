/** The console's way to the monitor, with answers of Debian's Prometheus and Alertmanager. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Watch } from "../../../autoscaler/watch";
import { firingQuestion, readFiring, silenceCommand } from "../../../autoscaler/watch/alertmanager";
import { Monitors, NoMonitor } from "../../../autoscaler/watch/monitors";
import { question, rangeOf, readPage } from "../../../autoscaler/watch/prometheus";
import { panelPages } from "../../../components/monitor/panels";
import { projectRoot } from "../../../lib/project";
import { MadeSource, startMade } from "../../support/console";
import { MadeWatch } from "../../support/watch";

const captured = (name: string) =>
  readFileSync(path.join(projectRoot, "test/unit/fixtures/monitor", name), "utf8");
const data = panelPages(["hub"]).find(({ name }) => name === "data")!;
/** When the answers are from. */
const THEN = 1_795_759_290_000;

describe("a page of the monitor's", () => {
  const range = rangeOf(1, THEN);

  it("has as many points as can be seen, at times that all who ask have", () => {
    expect(range).toEqual({ start: 1_795_755_690, end: 1_795_759_290, step: 30 });
    expect(rangeOf(1, THEN + 29_000)).toEqual(range);
    for (const hours of [1, 6, 24, 168]) {
      const { start, end, step } = rangeOf(hours, THEN);
      expect((end - start) / step).toBeGreaterThan(100);
      expect((end - start) / step).toBeLessThanOrEqual(180);
    }
  });

  it("is asked for in one go, with expressions that no shell reads", () => {
    const asked = question([{ ...data.panels[0]!, expr: `a{b="it's"}` }], "http://m:1", range);
    expect(asked).toBe(
      `curl -sS -m 4 --get 'http://m:1/api/v1/query_range' --data-urlencode 'query=a{b="it'\\''s"}' ` +
        "-d start=1795755690 -d end=1795759290 -d step=30; echo",
    );
  });

  it("has a curve for each series, and null where nothing was", () => {
    const { times, panels } = readPage(captured("data.txt"), data, range);
    expect(times).toHaveLength(121);
    expect(times.at(-1)).toBe(THEN);
    const of = (title: string) => panels.find((panel) => panel.title === title)?.curves;
    expect(of("Galera: nodes seen")).toEqual([]);
    const [commands] = of("Redis: commands") ?? [];
    expect(commands?.name).toBe("redis1");
    // Digits that nobody sees are left out.
    expect(commands?.values.slice(-3)).toEqual([null, 0.27136, 0.62927]);
    expect(of("Redis: replicas of the master")?.[0]?.name).toBe("");
  });

  it("says which panel could not be had, and why", () => {
    const lines = captured("data.txt").split("\n");
    lines[0] = '{"status":"error","errorType":"bad_data","error":"parse error"}';
    lines[1] = "";
    const { panels } = readPage(lines.join("\n"), data, range);
    expect(panels.slice(0, 3).map(({ fault }) => fault)).toEqual([
      "parse error",
      "no answer in time",
      undefined,
    ]);
  });

  it("is none where Prometheus says nothing at all", () => {
    expect(() => readPage("\n\n\n", data, range)).toThrow("Prometheus does not answer");
  });
});

describe("alerts", () => {
  it("are those that fire, with who silenced them until when", () => {
    const { firing, labels } = readFiring(captured("firing.txt"));
    expect(firing).toHaveLength(4);
    const silenced = firing.find(({ silence }) => silence !== undefined);
    expect(silenced).toMatchObject({
      name: "MachineDown",
      severity: "warning",
      summary: "monitor1 (monitor) does not answer.",
      next: "npx hpc doctor",
      since: Date.parse("2026-11-27T06:00:42.274Z"),
      silence: { by: "omar", comment: "it's known" },
    });
    expect(labels[silenced?.fingerprint ?? ""]).toMatchObject({ instance: "monitor1" });
    expect(firingQuestion("http://m:1")).toContain("'http://m:1/api/v2/alerts?inhibited=false'");
  });

  it("are silenced by all their labels: just this one, for no longer than was said", () => {
    const order = { kind: "silence", fingerprint: "1", hours: 2, comment: "it's known" } as const;
    const command = silenceCommand("http://m:1", { alertname: "X" }, order, "omar", 0);
    expect(command).toContain('[{"name":"alertname","value":"X","isRegex":false,"isEqual":true}]');
    expect(command).toContain('"endsAt":"1970-01-01T02:00:00.000Z","createdBy":"omar"');
    expect(command).toContain("it'\\''s known");
  });
});

describe("two monitors", () => {
  const both = ["monitor1", "monitor2"].map((name, i) => ({ name, address: `192.0.2.${i + 1}` }));
  /** Asks machines of which some are dead. */
  const site = (dead: string[]) => {
    const asked: string[] = [];
    const ask = (machine: string, script: string) => {
      asked.push(machine);
      return dead.includes(machine)
        ? Promise.reject(new Error(`${machine}: does not answer`))
        : Promise.resolve(script);
    };
    return { asked, dead, ask };
  };

  it("are asked one after the other until one answers, who is asked first from then on", async () => {
    const { asked, ask, dead } = site(["monitor1"]);
    const monitors = new Monitors(both, ask);
    const answer = () => monitors.answer((address) => address, String);
    expect(await answer()).toEqual({ from: "monitor2", value: "192.0.2.2" });
    expect(await answer()).toEqual({ from: "monitor2", value: "192.0.2.2" });
    expect(asked).toEqual(["monitor1", "monitor2", "monitor2"]);
    dead.splice(0, 1, "monitor2");
    expect((await answer()).from).toBe("monitor1");
  });

  it("that both say nothing are told with what each said", async () => {
    const monitors = new Monitors(both, site(["monitor1", "monitor2"]).ask);
    await expect(monitors.answer(String, String)).rejects.toThrow(
      new NoMonitor("monitor1: does not answer; monitor2: does not answer"),
    );
  });

  it("answer who asks for the same within ten seconds once", async () => {
    let now = THEN;
    const asked: string[] = [];
    const watch = new Watch({
      monitors: both,
      ports: { prometheus: 9090, alertmanager: 9093 },
      services: ["hub"],
      now: () => now,
      ask: (machine) => {
        asked.push(machine);
        return Promise.resolve(captured("data.txt"));
      },
    });
    await Promise.all([watch.page("data", 1), watch.page("data", 1)]);
    expect(asked).toHaveLength(1);
    now += 10_001;
    await watch.page("data", 1);
    expect(asked).toHaveLength(2);
  });
});

describe("the console's server", () => {
  const none = new NoMonitor("monitor1: does not answer; monitor2: does not answer");
  const UNTIL = Date.parse("2026-11-24T15:58:40+09:00");
  let close = () => Promise.resolve();
  afterEach(() => close());
  async function start(watch?: MadeWatch) {
    const made = await startMade(new MadeSource(UNTIL), { watch });
    close = () => made.close();
    return made;
  }
  const silence = {
    kind: "silence",
    fingerprint: "09d4a95775801de1",
    hours: 2,
    comment: "known",
  };

  it("has no pages of a monitor where the site has none, and shows none to strangers", async () => {
    const { client } = await start();
    expect((await client.ask("/api/watch")).status).toBe(401);
    await client.logIn("vera");
    expect((await client.ask("/api/watch")).json()).toEqual([]);
    expect((await client.ask("/api/firing")).status).toBe(404);
  });

  it("gives pages by name and span, and takes no expressions", async () => {
    const { client } = await start(new MadeWatch(UNTIL));
    await client.logIn("vera");
    const pages = (await client.ask("/api/watch")).json() as { name: string }[];
    expect(pages.map(({ name }) => name)).toEqual(["cluster", "slurm", "web", "data", "hosts"]);
    const page = (await client.ask("/api/watch/data?hours=6")).json() as { from: string };
    expect(page.from).toBe("monitor1");
    expect(JSON.stringify(page)).not.toContain("mysql_");
    for (const wrong of ["data?hours=5", "data", "all?hours=6"]) {
      expect((await client.ask(`/api/watch/${wrong}`)).status).toBe(404);
    }
  });

  it("says in words that no monitor answers", async () => {
    const watch = new MadeWatch(UNTIL, none);
    watch.from = undefined;
    const { client } = await start(watch);
    await client.logIn("vera");
    for (const path of ["/api/watch/data?hours=6", "/api/firing"]) {
      const reply = await client.ask(path);
      expect([reply.status, reply.json()]).toEqual([503, { error: none.message }]);
    }
  });

  it("has operators only silence, for one of a few times and with a reason", async () => {
    const watch = new MadeWatch(UNTIL);
    const { client, log } = await start(watch);
    await client.logIn("vera");
    expect((await client.ask("/api/silences", silence)).status).toBe(403);
    await client.logIn("omar");
    for (const wrong of [
      { ...silence, hours: 3 },
      { ...silence, comment: " " },
      { ...silence, fingerprint: "';x" },
      { kind: "end", id: "../alerts" },
    ]) {
      expect((await client.ask("/api/silences", wrong)).status).toBe(400);
    }
    expect((await client.ask("/api/silences", silence)).status).toBe(204);
    expect(watch.silenced).toEqual([{ order: silence, by: "omar" }]);
    expect(log.at(-1)).toMatch(/^console: silence of omar: /);
  });
});
