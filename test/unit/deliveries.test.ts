import { expect, it } from "vitest";
import { ruleGroups } from "../../components/monitor/rules";
import { alertTimes, OVER_SECONDS } from "../support/alertTimes";
import {
  changesTo,
  isTold,
  notOnce,
  ofMail,
  ofWebhook,
  type State,
  together,
  toldOfDead,
  withoutNews,
} from "../support/deliveries";

/** Alertmanager's JSON of some machines' MachineDown; those whose name ends in "!" are over. */
const body = (...machines: string[]) =>
  JSON.stringify({
    status: "firing",
    alerts: machines.map((name) => {
      const instance = name.replace("!", "");
      const labels = { alertname: "MachineDown", instance };
      const status: State = name === instance ? "firing" : "resolved";
      return { status, labels, fingerprint: `of ${instance}` };
    }),
  });
const messages = (...bodies: string[][]) =>
  ofWebhook(
    bodies.map((machines) => body(...machines)),
    bodies.map((_, i) => i * 1000),
  );

it("a message that has something new besides what was told is none that says it twice", () => {
  const all = messages(["a"], ["a", "b"], ["a!", "b"], ["b!"]);
  expect(withoutNews(all)).toEqual([]);
  expect(changesTo(all, "MachineDown", "firing").map(({ id, at }) => [id, at])).toEqual([
    ["of a", 0],
    ["of b", 1000],
  ]);
  expect(notOnce(all, [{ alert: "MachineDown", series: 2 }])).toEqual([]);
});

it("one that has nothing new is: from the other Alertmanager, or of an end", () => {
  expect(withoutNews(messages(["a"], ["a"]))).toEqual([
    "1970-01-01T00:00:01.000Z: MachineDown firing",
  ]);
  expect(withoutNews(messages(["a"], ["a!"], ["a!"]))).toHaveLength(1);
});

it("what comes again after its end is told twice, and each message has news", () => {
  const all = messages(["a"], ["a!"], ["a"], ["a!"]);
  expect(withoutNews(all)).toEqual([]);
  expect(notOnce(all, [{ alert: "MachineDown" }])).toEqual([
    "MachineDown firing: 2 times of of a",
    "MachineDown resolved: 2 times of of a",
  ]);
});

it("what was not told, or of too few, is named; as is what has not ended", () => {
  expect(notOnce(messages(["a"]), [{ alert: "MachineDown", series: 2 }])).toEqual([
    "MachineDown firing: told of 1, expected 2",
    "MachineDown resolved: told of 0, expected 2",
  ]);
  expect(notOnce([], [{ alert: "VipNobody" }])).toHaveLength(2);
  expect(isTold(messages(["a"]), { alert: "MachineDown" }, "firing")).toBe(true);
  expect(isTold(messages(["a"], ["a", "b"]), { alert: "MachineDown", series: 3 }, "firing")).toBe(
    false,
  );
});

it("of an alert of many machines it is the one that is asked for that counts", () => {
  const all = messages(["a", "b"], ["a!", "b"]);
  expect(notOnce(all, [{ alert: "MachineDown", of: ["a"], series: 1 }])).toEqual([]);
  expect(notOnce(all, [{ alert: "MachineDown", of: ["b"] }])).toEqual([
    "MachineDown b resolved: told of 0, expected one at least",
  ]);
});

it("faults at once are told together: of the same alert as many as of all of them", () => {
  const four = { alert: "MachineDown", series: 4 };
  const web = { alert: "WebServerDown" };
  const unit = { alert: "UnitNotRunning", of: ["slurmdbd.service"], series: 1 };
  expect(together([four, web, { ...four, series: 1 }, unit])).toEqual([
    { alert: "MachineDown", series: 5 },
    web,
    unit,
  ]);
});

it("a dead machine has one alert: others of it are found", () => {
  const other = JSON.stringify({
    alerts: [
      {
        ...{ status: "firing", fingerprint: "x" },
        labels: { alertname: "EntrySilent", instance: "haproxy1" },
      },
    ],
  });
  const all = [...messages(["haproxy1"]), ...ofWebhook([other], [5])];
  expect(toldOfDead(all, ["haproxy1"])).toEqual(["EntrySilent of haproxy1"]);
  expect(toldOfDead(all, ["redis1"])).toEqual([]);
});

it("a mail is of an alert, with a line for each series, whatever its figures are by then", () => {
  const line = (n: string) => `Only ${n} Redis follow the master. It is 95.2% full. Next: npx hpc`;
  const mail = (subject: string, text: string) => ({ subject, text, to: "a@b.kr", from: "c@d.kr" });
  const all = ofMail(
    [
      mail("FIRING (1): RedisReplicaMissing", `${line("1")}\n`),
      mail("RESOLVED: RedisReplicaMissing", `over: ${line("0")}\n\n`),
      mail("FIRING (2): MachineDown", "redis1 (redis) is off.\nredis2 (redis) is off.\n"),
    ],
    [1, 2, 3],
  );
  expect(all.map(({ told }) => told.map(({ alert, state }) => [alert, state]))).toEqual([
    [["RedisReplicaMissing", "firing"]],
    [["RedisReplicaMissing", "resolved"]],
    [
      ["MachineDown", "firing"],
      ["MachineDown", "firing"],
    ],
  ]);
  expect(all[0]?.told[0]?.id).toBe(all[1]?.told[0]?.id);
  expect(notOnce(all, [{ alert: "RedisReplicaMissing", series: 1 }])).toEqual([]);
  // Names have figures too.
  expect(new Set(all[2]?.told.map(({ id }) => id)).size).toBe(2);
  expect(() => ofMail([mail("Job 7 Ended", "")], [1])).toThrow("Job 7 Ended");
});

const rules = Object.values(
  ruleGroups({ services: ["hub"], drainSeconds: 300, monitors: 2 }),
).flat();

it("the time until an alert is told is its rule's, and what looking and telling take", () => {
  expect(alertTimes(rules, "VipNobody")).toEqual({ least: 30, most: 170 });
  expect(alertTimes(rules, "UnitNotRunning")).toEqual({ least: 120, most: 260 });
  expect(alertTimes(rules, "CertificateEnded").least).toBe(0);
  expect(OVER_SECONDS).toBe(125);
  expect(() => alertTimes(rules, "Nobody")).toThrow("no rule has the alert Nobody");
});

it("what others say of a machine comes later than that it is down, which holds it back", () => {
  // One looks a moment sooner than the other, and is judged so.
  const looks = 45;
  const down = alertTimes(rules, "MachineDown").least;
  for (const alert of ["EntrySilent", "PrometheusDown", "AlertmanagerDown", "ExporterDown"]) {
    expect([alert, alertTimes(rules, alert).least >= down + looks]).toEqual([alert, true]);
  }
});
