import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { subject, text } from "../../../autoscaler/alerts/message";
import { Notifier } from "../../../autoscaler/alerts/notifier";
import { type Batch, type Sender, SendFailure } from "../../../autoscaler/alerts/sender";
import { alertFile } from "../../../autoscaler/alerts/store";
import type { Alert } from "../../../autoscaler/model";
import { later } from "../../../lib/wait";

const directory = mkdtempSync(path.join(tmpdir(), "hpc-ha-unit-"));
afterAll(() => rmSync(directory, { recursive: true }));
const file = path.join(directory, "alerts.json");
beforeEach(() => rmSync(file, { force: true }));

const alert = (name: Alert["name"], change: Partial<Alert> = {}): Alert => ({
  ...{ name, severity: "critical", summary: `${name} it is`, since: 1_795_717_268_000 },
  ...change,
});
const [SATURATED, MISSING] = [alert("SaturatedAtMaximum"), alert("MetricsMissing")];

/** Sends what it may, and writes it down as "+new -over". */
class Fake implements Sender {
  said: string[] = [];
  down = false;
  waits?: Promise<void>;
  constructor(readonly name = "webhook") {}
  async send({ firing, resolved }: Batch) {
    await this.waits;
    if (this.down) throw new SendFailure("webhook at example.org: answers 500");
    this.said.push(
      [...firing.map((a) => `+${a.name}`), ...resolved.map((a) => `-${a.name}`)].join(" "),
    );
  }
}
let now = 0;
let logged: string[] = [];
beforeEach(() => {
  now = 1_795_717_000_000;
  logged = [];
});
const notifier = (...senders: Sender[]) =>
  new Notifier(
    senders,
    alertFile(file),
    () => now,
    (line) => logged.push(line),
  );
const looks = async (on: Notifier, ...all: Alert[][]) => {
  for (const current of all) {
    await on.tell(current);
    now += 30_000;
  }
};

describe("the notifier", () => {
  it("tells each alert once, and once that it is over", async () => {
    const to = new Fake();
    await looks(
      notifier(to),
      ...[[], [SATURATED], [SATURATED], [{ ...SATURATED, summary: "other words" }, MISSING]],
      ...[[MISSING], [MISSING], [], [], [SATURATED]],
    );
    expect(to.said).toEqual([
      "+SaturatedAtMaximum",
      "+MetricsMissing",
      "-SaturatedAtMaximum",
      "-MetricsMissing",
      "+SaturatedAtMaximum",
    ]);
    expect(logged).toEqual([]);
  });

  it("tells later what could not be sent, once, and nothing of what came and went meanwhile", async () => {
    const to = new Fake();
    const on = notifier(to);
    to.down = true;
    await looks(on, [SATURATED], [SATURATED, MISSING], [SATURATED]);
    to.down = false;
    for (let i = 0; i < 10; i++) await looks(on, [SATURATED]);
    expect(to.said).toEqual(["+SaturatedAtMaximum"]);
    expect(logged[0]).toBe(
      "alerts not sent, they will be tried again: webhook at example.org: answers 500",
    );
  });

  it("tries again with pauses that grow, up to a quarter of an hour", async () => {
    const tried: number[] = [];
    const to: Sender = {
      name: "webhook",
      send: () => {
        tried.push(now);
        return Promise.reject(new SendFailure("no"));
      },
    };
    const on = notifier(to);
    for (let s = 0; s < 7200; s++) {
      await on.tell([SATURATED]);
      now += 1000;
    }
    const pauses = tried.slice(1).map((t, i) => (t - (tried[i] ?? 0)) / 1000);
    expect(pauses).toEqual([15, 30, 60, 120, 240, 480, 900, 900, 900, 900, 900, 900]);
  });

  it("begins with the short pause again after a success", async () => {
    const to = new Fake();
    const on = notifier(to);
    to.down = true;
    await looks(on, [SATURATED], [SATURATED], [SATURATED], [SATURATED]);
    to.down = false;
    now += 900_000;
    await looks(on, [SATURATED]);
    to.down = true;
    await looks(on, []);
    to.down = false;
    await looks(on, []);
    expect(to.said).toEqual(["+SaturatedAtMaximum", "-SaturatedAtMaximum"]);
  });

  it("does not let a sender that is down hold the other back, nor one that hangs", async () => {
    const [webhook, mail] = [new Fake("webhook"), new Fake("mail")];
    const on = notifier(webhook, mail);
    webhook.down = true;
    await looks(on, [SATURATED]);
    expect(mail.said).toEqual(["+SaturatedAtMaximum"]);
    const [released, release] = later<void>();
    webhook.waits = released;
    webhook.down = false;
    const first = on.tell([SATURATED, MISSING]);
    await until(() => mail.said.length === 2);
    // The next look comes while it still hangs: it is not asked a second time.
    const second = on.tell([SATURATED]);
    await until(() => mail.said.length === 3);
    release();
    await Promise.all([first, second]);
    expect(webhook.said).toEqual(["+SaturatedAtMaximum +MetricsMissing"]);
    await on.tell([SATURATED]);
    expect([webhook.said[1], mail.said[2]]).toEqual(["-MetricsMissing", "-MetricsMissing"]);
  });

  it("remembers over a restart what it told, each way", async () => {
    const [webhook, mail] = [new Fake("webhook"), new Fake("mail")];
    mail.down = true;
    await looks(notifier(webhook, mail), [SATURATED, MISSING]);
    mail.down = false;
    await looks(notifier(webhook, mail), [SATURATED]);
    expect(webhook.said).toEqual(["+SaturatedAtMaximum +MetricsMissing", "-MetricsMissing"]);
    expect(mail.said).toEqual(["+SaturatedAtMaximum"]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(["alerts.json"]);
  });

  it.each(["", "{", "[]", '{"webhook": [{"name": 1}]}'])(
    "tells once more what lasts when its file says %j",
    async (content) => {
      writeFileSync(file, content);
      const to = new Fake();
      await looks(notifier(to), [SATURATED], [SATURATED]);
      expect(to.said).toEqual(["+SaturatedAtMaximum"]);
    },
  );

  it("never throws: not for a sender's own mistake, nor when its file cannot be written", async () => {
    const bad: Sender = {
      name: "bad",
      send: () => Promise.reject(new Error("https://hooks/SECRET")),
    };
    const to = new Fake();
    const on = new Notifier(
      [bad, to],
      alertFile("/nonexistent/directory/alerts.json"),
      () => now,
      (line) => logged.push(line),
    );
    await looks(on, [SATURATED], [SATURATED]);
    expect(to.said).toEqual(["+SaturatedAtMaximum"]);
    expect(logged.join("\n")).toContain("bad failed");
    expect(logged.join("\n")).toContain("cannot be kept: ENOENT");
    expect(logged.join("\n")).not.toContain("SECRET");
  });
});

describe("a message", () => {
  const place = { site: "lab", timeZone: "Asia/Seoul" };
  const batch = {
    firing: [
      alert("MetricsMissing", { severity: "warning", summary: "no numbers\r\nBcc: x@example.org" }),
      alert("SaturatedAtMaximum", { summary: "풀이 최대 크기입니다" }),
    ],
    resolved: [alert("ScalingFailed")],
  };

  it("has the worst in its subject, in one line", () => {
    expect(subject(batch, place)).toBe("[lab] critical: 풀이 최대 크기입니다 (and 2 more)");
    const [one] = batch.firing;
    expect(subject({ firing: one ? [one] : [], resolved: [] }, place)).toBe(
      "[lab] warning: no numbers Bcc: x@example.org",
    );
    expect(subject({ firing: [], resolved: batch.resolved }, place)).toBe(
      "[lab] resolved: ScalingFailed it is",
    );
  });

  it("names the site once, whoever wrote the sentence", () => {
    const firing = [alert("ScalingFailed", { summary: "lab: the web pool could not be changed" })];
    expect(subject({ firing, resolved: [] }, place)).toBe(
      "[lab] critical: the web pool could not be changed",
    );
  });

  it("says all of it, with the site's time", () => {
    expect(text(batch, place)).toBe(
      `critical: SaturatedAtMaximum, since 2026-11-27 03:21 Asia/Seoul
풀이 최대 크기입니다

warning: MetricsMissing, since 2026-11-27 03:21 Asia/Seoul
no numbers Bcc: x@example.org

resolved: ScalingFailed, since 2026-11-27 03:21 Asia/Seoul
ScalingFailed it is`,
    );
  });
});

/** Until others have had their turn, and what they do is done. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise(setImmediate);
}
