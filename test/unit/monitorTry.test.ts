/** What tries the monitor's files before they replace the old ones, with the real checkers. */
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { afterAll, expect, it } from "vitest";
import { alertmanagerConfig } from "../../components/monitor/alertmanager";
import { prometheusConfig, targetsFile } from "../../components/monitor/prometheus";
import { rulesFile } from "../../components/monitor/rules";
import { monitorSchema } from "../../components/monitor/settings";
import { projectRoot } from "../../lib/project";
import { Commands } from "../support/program";

const commands = new Commands();
afterAll(commands.remove);
const script = readFileSync(
  path.join(projectRoot, "ansible/roles/monitor/files/monitor-try"),
  "utf8",
).replaceAll("-p /run", `-p ${commands.directory}`);
const mail = { host: "mail", from: "a@b.kr", to: ["c@d.kr"], user: "u", password: "p" };
const config = monitorSchema.parse({
  alerts: { webhook: "https://hooks.example.org/x", jsonWebhook: "http://10.0.0.1/", mail },
});
const whole = {
  "prometheus.yml": prometheusConfig(["node"], ["10.0.0.1:9093"]),
  "rules.yml": rulesFile({ services: ["hub"], drainSeconds: 300, monitors: 1 }),
  "alertmanager.yml": alertmanagerConfig(config),
  [targetsFile("node")]: "[]",
};

/** What is said of these files; the script is given as text as Ansible gives it. */
const tryOut = async (changes: Partial<typeof whole> = {}) => {
  const input = Object.entries({ ...whole, ...changes })
    .map(([name, text = ""]) => `${name} ${Buffer.from(text).toString("base64")}\n`)
    .join("");
  const { stdout } = await execa("sh", ["-c", script], { input });
  const left = readdirSync(commands.directory).filter((name) => name.startsWith("tmp."));
  return { stdout, left };
};

it("files that both programs take: nothing is said, nothing is left", async () => {
  expect(await tryOut()).toEqual({ stdout: "", left: [] });
});

it("an expression that does not parse is refused, with its alert and Prometheus' own words", async () => {
  const rules = 'groups: [{name: x, rules: [{alert: Broken, expr: "sum(up"}]}]';
  const { stdout, left } = await tryOut({ "rules.yml": rules });
  expect(stdout).toMatch(
    /rules.yml: .*"Broken": could not parse expression: .*unclosed left paren/,
  );
  expect(left).toEqual([]);
});

it("what Alertmanager refuses is refused, without the value, which may be a secret", async () => {
  const { stdout } = await tryOut({
    "alertmanager.yml": "route: {receiver: x}\nreceivers: [{name: x, slack_configs: s3cret}]\n",
  });
  expect(stdout).toContain("/etc/prometheus/alertmanager.yml:");
  expect(stdout).not.toContain("s3cret");
});
