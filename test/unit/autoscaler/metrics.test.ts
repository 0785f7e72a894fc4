/**
 * Looks, from what the program of a look wrote on real machines: HAProxy 2.6.12 with two backends before and under load, and
 * node_exporter 1.5.0 on web1 (a container) and web2 (a kernel of its own); web3 is down.
 */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { question } from "../../../autoscaler/metrics/ask";
import { readCpu, remember } from "../../../autoscaler/metrics/cpu";
import { merge, type Raw, readAnswer, readLook } from "../../../autoscaler/metrics/look";
import { RemoteFailure } from "../../../lib/machines";

const captured = (name: string) =>
  readFileSync(path.join(__dirname, "../fixtures/metrics", `${name}.txt`), "utf8");
const BEFORE = captured("haproxy1-before");
const BUSY = captured("haproxy1");
const OTHER = captured("haproxy2");

const site = {
  entry: ["haproxy1", "haproxy2"],
  web: [1, 2, 3].map((n) => ({ name: `web${n}`, address: `198.18.1.2${n}` })),
  backends: ["app", "auth_portal"],
  nodeExporterPort: 9100,
};
/** The HAProxy nodes say this; undefined: no answer. */
const look = (
  said: (string | undefined)[],
  before?: Raw,
  now = before ? T + 87_000 : T,
  changes = {},
) =>
  readLook(
    (machine) => {
      const text = said[site.entry.indexOf(machine)];
      return text === undefined
        ? Promise.reject(new RemoteFailure(machine, undefined, "does not answer (timed out)"))
        : Promise.resolve(text);
    },
    { ...site, ...changes },
    before,
    now,
  );
const T = 1_795_717_181_700;
const cut = (text: string) => text.indexOf("\n==> web1");
/** Both HAProxy nodes have asked before there was load. */
const first = () => look([BEFORE, OTHER.slice(0, cut(OTHER)) + BEFORE.slice(cut(BEFORE))]);

describe("a look", () => {
  it("adds up sessions and queues of both HAProxy nodes, and knows who serves", async () => {
    const { backends } = (await look([BUSY, OTHER])).look;
    expect(backends.map(({ backend, queue, servers }) => ({ backend, queue, servers }))).toEqual([
      {
        backend: "app",
        queue: 2,
        servers: [
          { machine: "web1", serving: true, sessions: 3 },
          { machine: "web2", serving: true, sessions: 3 },
          { machine: "web3", serving: false, sessions: 0 },
        ],
      },
      {
        backend: "auth_portal",
        queue: 0,
        servers: [
          { machine: "web1", serving: true, sessions: 1 },
          { machine: "web2", serving: true, sessions: 3 },
          { machine: "web3", serving: false, sessions: 0 },
        ],
      },
    ]);
  });

  it("counts requests that wait for a server of their own (a cookie's) besides those that take any", async () => {
    const { backends } = (await look([BUSY.replace(/^app,slot1,0,/m, "app,slot1,5,"), OTHER])).look;
    expect(backends[0]?.queue).toBe(7);
  });

  it("sees a burst between two looks, and not one from before the first", async () => {
    // scur, smax of slot1, and qmax of the backend.
    const burst = BUSY.replace(/^(app,slot1,\d+,\d+,\d+),\d+,/m, "$1,140,").replace(
      /^(app,BACKEND,\d+),\d+,/m,
      "$1,33,",
    );
    const at = (seen: Awaited<ReturnType<typeof look>>) => {
      const app = seen.look.backends.find(({ backend }) => backend === "app");
      return { queue: app?.queue ?? 0, peak: app?.servers[0]?.peak ?? 0 };
    };
    expect(at(await look([burst, OTHER]))).toEqual({ queue: 2, peak: 0 });
    const { raw } = await first();
    const { queue, peak } = at(await look([burst, OTHER], raw));
    expect([queue >= 33, peak >= 140]).toEqual([true, true]);
  });

  it("makes rates of counters, and has none of errors at first", async () => {
    const { look: one, raw } = await first();
    expect(one.backends.map((b) => b.errors)).toEqual([undefined, undefined]);
    const { backends } = (await look([BUSY, OTHER], raw)).look;
    // 16 sessions in app, 14 and none in auth_portal, of which 8 were answered with 500; in 87 s.
    expect(backends.map((b) => b.rate * 87)).toEqual(
      [16, 14].map((n) => expect.closeTo(n) as number),
    );
    expect(backends.map((b) => (b.errors ?? 0) * 87)).toEqual([0, expect.closeTo(8)]);
  });

  it("counts from nothing where HAProxy has started anew, and is never negative", async () => {
    const { raw } = await look([BUSY, OTHER]);
    const anew = BEFORE.replace(/^Pid: \d+$/m, "Pid: 99");
    for (const text of [anew, BEFORE]) {
      const { backends } = (await look([text, OTHER], raw)).look;
      expect(backends.flatMap((b) => [b.rate, b.errors ?? 0]).filter((n) => n < 0)).toEqual([]);
    }
    // One session since, where the process before had 15.
    const { backends } = (await look([anew, OTHER], raw)).look;
    expect((backends[1]?.rate ?? 0) * 87).toBeCloseTo(1);
  });

  it("tells the mean time to the answer by how much each HAProxy node served", async () => {
    const { raw } = await first();
    const slow = OTHER.replaceAll(/^(auth_portal,BACKEND,.*?)\n/gm, (line) => {
      const fields = line.split(",");
      fields[60] = "9999";
      return fields.join(",");
    });
    expect(slow).not.toBe(OTHER);
    const { backends } = (await look([BUSY, slow], raw)).look;
    const rtime = Number(/^auth_portal,BACKEND,.*$/m.exec(BUSY)?.[0].split(",")[60]);
    expect(backends[1]?.responseMs).toBe(rtime);
  });

  it("names a HAProxy node that does not answer, and uses the other", async () => {
    const { look: seen } = await look([undefined, BUSY]);
    expect(seen.proxies).toEqual({ haproxy1: "does not answer (timed out)", haproxy2: undefined });
    expect(seen.backends.map((b) => b.queue)).toEqual([2, 0]);
  });

  it("has no backends and no CPU where nobody answers: nothing is zero", async () => {
    const { look: seen } = await look([undefined, undefined]);
    expect(seen).toMatchObject({ backends: [], cpu: {} });
    expect(Object.values(seen.proxies)).toHaveLength(2);
  });

  it("takes what web nodes said through the machine of a HAProxy that is down", async () => {
    const { raw } = await first();
    const said = "2026/11/26 18:15:41 socat[1] E connect(): No such file";
    const down = `\n==> haproxy\n${said}\n${BUSY.slice(cut(BUSY))}`;
    const { look: seen } = await look([down, undefined], raw);
    expect(seen.proxies["haproxy1"]).toBe("HAProxy does not answer");
    expect(Object.keys(seen.cpu)).toEqual(["web1", "web2"]);
  });

  it.each([0.2, 0.5, 0.9, 0.99])("takes no answer that was cut off (%d of it)", async (share) => {
    const torn = BUSY.slice(0, cut(BUSY) * share) + BUSY.slice(cut(BUSY));
    const { look: seen } = await look([torn, OTHER]);
    expect(seen.proxies["haproxy1"]).toMatch(/^HAProxy d/);
    expect(seen.backends[0]?.queue).toBe(0);
  });

  it("misses a backend that no HAProxy node has yet", async () => {
    const { look: seen } = await look([BUSY, OTHER], undefined, T, { backends: ["new", "app"] });
    expect(seen.backends.map((b) => b.backend)).toEqual(["app"]);
  });

  it("holds a HAProxy node that was silent against what it said before that", async () => {
    const { raw } = await first();
    const { raw: later } = await look([undefined, OTHER], raw, T + 30_000);
    const { backends } = (await look([BUSY, OTHER], later)).look;
    expect((backends[0]?.rate ?? 0) * 87).toBeCloseTo(16);
  });
});

describe("the CPU of web nodes", () => {
  it("is the busy share between two looks, of a container and of a machine with its own kernel", async () => {
    const { look: one, raw } = await first();
    expect(one.cpu).toEqual({});
    const { cpu } = (await look([BUSY, undefined], raw)).look;
    // From the text: web1 was busy for 6.49 s of the 176 s that its two processors had.
    expect(cpu["web1"]?.value).toBeCloseTo(busy("web1") / all("web1"), 6);
    expect(cpu["web2"]?.value).toBeCloseTo(busy("web2") / all("web2"), 6);
    expect(all("web1") / 2).toBeCloseTo(88, 0);
    expect(Object.keys(cpu)).toEqual(["web1", "web2"]);
  });
  /** Seconds between both texts in which a mode counted. */
  const counted = (node: string, wanted: (mode: string) => boolean) => {
    const of = (text: string) =>
      [...(text.split(`==> ${node}\n`)[1] ?? "").split("==>")[0]!.matchAll(/mode="(\w+)"\} (\S+)/g)]
        .filter(([, mode = ""]) => wanted(mode))
        .reduce((sum, [, , value]) => sum + Number(value), 0);
    return of(BUSY) - of(BEFORE);
  };
  const all = (node: string) => counted(node, () => true);
  const busy = (node: string) => counted(node, (mode) => mode !== "idle" && mode !== "iowait");

  it("has the age of what a container wrote, not of the answer", async () => {
    const { raw } = await first();
    const now = T + 87_000;
    const { cpu } = (await look([BUSY, OTHER], raw, now)).look;
    // It was written 7.7 s before.
    expect(now - (cpu["web1"]?.at ?? 0)).toBeGreaterThan(7000);
    expect(now - (cpu["web1"]?.at ?? 0)).toBeLessThan(9000);
    expect(cpu["web2"]?.at).toBe(now);
  });

  it("gets old where a container does not write any more, or a node does not answer, and is never zero", async () => {
    const { raw } = await first();
    const second = await look([BUSY, OTHER], raw);
    // The exporter answers on, with the file of before; and web2 does not answer.
    const stuck = BUSY.replace(/==> web2\n[^]*?\n\n/, "==> web2\n\n");
    const third = await look([stuck, stuck], second.raw, T + 200_000);
    expect(third.look.cpu).toEqual(second.look.cpu);
  });

  it("is what the newer of two answers says", async () => {
    const { raw } = await first();
    const one = (await look([BUSY, BEFORE], raw)).look.cpu;
    expect((await look([BEFORE, BUSY], raw)).look.cpu).toEqual(one);
    expect(one["web1"]?.value).toBeGreaterThan(0);
  });

  it("is not known after the counters have begun anew, and known again at the next look", () => {
    const at = (clock: number, busy: number, total: number) => ({ clock, busy, total, age: 0 });
    const before = remember(at(0, 50, 1000), at(30, 60, 1060), 30_000);
    expect(before?.sample?.value).toBeCloseTo(1 / 6);
    const anew = remember(before, at(60, 1, 5), 60_000);
    expect(anew?.sample).toBeUndefined();
    expect(remember(anew, at(90, 31, 65), 90_000)?.sample).toEqual({ value: 0.5, at: 90_000 });
  });

  it("of nodes that are gone is forgotten", async () => {
    const { raw } = await first();
    const { raw: later } = await look([BUSY, OTHER], raw, T + 87_000, {
      web: site.web.slice(0, 1),
    });
    expect(Object.keys(later.cpu)).toEqual(["web1"]);
  });

  it("is not read from an answer without its time, and not from text of others", () => {
    expect(readCpu('node_cpu_seconds_total{cpu="0",mode="idle"} 1\n')).toBeUndefined();
    expect(readCpu("<html>404</html>")).toBeUndefined();
    expect(readCpu("")).toBeUndefined();
  });
});

it("whatever is answered, and in whatever order, a look has no negative number and no NaN", () => {
  const answers = [
    BEFORE,
    BUSY,
    OTHER,
    BUSY.replace(/^Pid: \d+$/m, "Pid: 7"),
    "",
    "\n==> haproxy\n",
  ].map(readAnswer);
  const pick = fc.option(fc.constantFrom(...answers), { nil: undefined });
  fc.assert(
    fc.property(fc.array(fc.record({ one: pick, two: pick, after: fc.nat(90_000) })), (steps) => {
      let [raw, now]: [Raw | undefined, number] = [undefined, T];
      for (const { one, two, after } of steps) {
        const said = { ...(one && { haproxy1: one }), ...(two && { haproxy2: two }) };
        const result = merge(said, site, raw, (now += after));
        raw = result.raw;
        const { backends, cpu } = result.look;
        const numbers = [
          ...backends.flatMap((b) => [b.queue, b.rate, b.responseMs, b.errors ?? 0, b.at]),
          ...backends.flatMap((b) => b.servers.map((s) => s.sessions)),
          ...Object.values(cpu).flatMap(({ value, at }) => [value, 1 - value, at, now - at]),
        ];
        expect(numbers.filter((n) => !(n >= 0 && Number.isFinite(n)))).toEqual([]);
      }
    }),
  );
});

it("asks each HAProxy node once for all web nodes", async () => {
  const asked: string[] = [];
  await readLook(
    (machine, script) => {
      asked.push(machine, script);
      return Promise.resolve(BUSY);
    },
    site,
    undefined,
    T,
  );
  expect(asked).toEqual(["haproxy1", question(site), "haproxy2", question(site)]);
});
