import * as yaml from "js-yaml";
import type { MonitorConfig } from "./settings";

/** Receiver of what nobody is told. */
const NOBODY = "nobody";
/** Receiver of everything else, where somebody is to be told. */
const SITE = "site";

/** What happens together is waited for before the first message of an alert, s. */
export const GROUP_WAIT_SECONDS = 10;
/** Least time between two messages of the same alert, of whatever machines, s. */
export const GROUP_INTERVAL_SECONDS = 60;

const TITLE =
  '{{ .Status | toUpper }}{{ if eq .Status "firing" }} ({{ .Alerts.Firing | len }}){{ end }}: {{ .GroupLabels.alertname }}';
const TEXT =
  '{{ range .Alerts }}{{ if eq .Status "resolved" }}over: {{ end }}{{ .Annotations.summary }} {{ .Annotations.meaning }} Next: {{ .Annotations.next }}\n{{ end }}';

/** alertmanager.yml. It has secrets. */
export function alertmanagerConfig({ alerts }: MonitorConfig): string {
  const { webhook, jsonWebhook, mail } = alerts;
  const told = [webhook, jsonWebhook, mail].some((receiver) => receiver !== undefined);
  return yaml.dump({
    route: {
      receiver: told ? SITE : NOBODY,
      group_by: ["alertname"],
      // What comes of one fault comes together.
      group_wait: `${GROUP_WAIT_SECONDS}s`,
      group_interval: `${GROUP_INTERVAL_SECONDS}s`,
      repeat_interval: "12h",
      // It fires always: whoever looks whether the alerts come asks for it.
      routes: [{ receiver: NOBODY, matchers: ['alertname="Watchdog"'] }],
    },
    // A dead machine is one alert, not one for everything on it.
    inhibit_rules: [
      {
        source_matchers: ['alertname="MachineDown"'],
        target_matchers: ['alertname!="MachineDown"'],
        equal: ["instance"],
      },
    ],
    receivers: [
      { name: NOBODY },
      ...(told
        ? [
            {
              name: SITE,
              ...(webhook !== undefined && {
                slack_configs: [
                  { api_url: webhook, title: TITLE, text: TEXT, send_resolved: true },
                ],
              }),
              ...(jsonWebhook !== undefined && {
                webhook_configs: [{ url: jsonWebhook, send_resolved: true }],
              }),
              ...(mail && { email_configs: [mailConfig(mail)] }),
            },
          ]
        : []),
    ],
  });
}

const mailConfig = ({
  host,
  port,
  tls,
  user,
  password,
  from,
  to,
}: NonNullable<MonitorConfig["alerts"]["mail"]>) => ({
  to: to.join(", "),
  from,
  smarthost: `${host}:${port}`,
  require_tls: tls,
  ...(user !== undefined && { auth_username: user, auth_password: password }),
  headers: { Subject: TITLE },
  html: "",
  text: TEXT,
  send_resolved: true,
});
