import type { Alert } from "../../model";
import { useLocale } from "./locale";
import { Mark, Panel } from "./parts";

/** What is the matter. */
export function Alerts({ alerts, now }: { alerts: Alert[]; now: number }) {
  const { t, time } = useLocale();
  return (
    <Panel id="alerts" title={t.alerts(alerts.length)}>
      <ul>
        {alerts.map(({ name, severity, summary, since }) => (
          <li key={`${name} ${since}`}>
            <Mark
              health={severity === "critical" ? "bad" : "warn"}
              label={t.severities[severity]}
            />
            <div>
              <strong>{t.alertNames[name]}</strong> <span>{t.since(time(since, now))}</span>
              <p lang="en">{summary}</p>
            </div>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
