import { useRef, useState } from "preact/hooks";
import { type Firing, LONGEST_COMMENT, SILENCE_HOURS } from "../watched";
import { endSilence, firing, silence } from "./api";
import { Dialog } from "./dialog";
import { useLocale } from "./locale";
import { type Health, Mark, Panel } from "./parts";
import { useAsked } from "./watched";

const HEALTH: Record<Firing["severity"], Health> = {
  critical: "bad",
  warning: "warn",
  info: "unknown",
};

interface FiringProps {
  now: number;
  operator: boolean;
  leave: () => void;
}

/** What the monitor finds wrong now; an operator silences it. */
export function FiringAlerts({ now, operator, leave }: FiringProps) {
  const { t, time, minute } = useLocale();
  const { value, fault, again } = useAsked(firing, "firing", leave);
  const [chosen, setChosen] = useState<{ alert: Firing; asked: number }>();
  const asked = useRef(0);
  const [done, setDone] = useState("");
  const choose = (alert: Firing) => {
    setDone("");
    setChosen({ alert, asked: (asked.current += 1) });
  };
  const alerts = value?.alerts ?? [];
  return (
    <Panel
      id="alerts"
      title={value === undefined ? t.pages.alerts : t.alerts(alerts.length)}
      side={value && <p class="when">{t.toldBy(value.from)}</p>}
    >
      {fault !== undefined && (
        <p class="lost" role="alert">
          {t.monitorSilent(fault)}
        </p>
      )}
      {value === undefined && fault === undefined && <p class="empty">{t.loading}</p>}
      {value !== undefined && alerts.length === 0 && <p class="empty">{t.noAlerts}</p>}
      <ul>
        {alerts.map((alert) => (
          <li key={alert.fingerprint}>
            <Mark health={HEALTH[alert.severity]} label={t.ranks[alert.severity]} />
            <div>
              <strong>{alert.name}</strong> <span>{t.since(time(alert.since, now))}</span>
              <p lang="en">
                {alert.summary} {alert.meaning}
              </p>
              <code>{alert.next}</code>
              {alert.silence && (
                <p class="note">
                  {t.silenced(alert.silence.by, minute(alert.silence.until, now))}{" "}
                  {alert.silence.comment}
                </p>
              )}
              {operator && (
                <button class="plain" onClick={() => choose(alert)}>
                  {alert.silence ? t.endSilence : t.silence}
                  <span class="unseen"> {alert.name}</span>
                </button>
              )}
            </div>
          </li>
        ))}
      </ul>
      <p role="status" class="unseen">
        {done}
      </p>
      {chosen && (
        <Confirmation
          // Another one each time, as of an order.
          key={chosen.asked}
          alert={chosen.alert}
          now={now}
          close={(given) => {
            setChosen((is) => (is === chosen ? undefined : is));
            if (!given) return;
            setDone(t.ordered);
            again();
          }}
        />
      )}
    </Panel>
  );
}

interface ConfirmationProps {
  alert: Firing;
  now: number;
  close: (given: boolean) => void;
}

function Confirmation({
  alert: { fingerprint, name, silence: there },
  now,
  close,
}: ConfirmationProps) {
  const { t, minute } = useLocale();
  const [hours, setHours] = useState<number>(SILENCE_HOURS[1]);
  const [comment, setComment] = useState("");
  const order = there ? t.endSilence : t.silence;
  return (
    <Dialog
      id="silence-title"
      title={`${order}: ${name}`}
      consequence={
        there ? t.endSilenceConsequence : t.silenceConsequence(minute(now + hours * 3_600_000, now))
      }
      confirm={order}
      give={() => (there ? endSilence(there.id) : silence(fingerprint, hours, comment))}
      close={close}
    >
      {there ? undefined : (
        <>
          <label>
            {t.duration}
            <select value={hours} onChange={(e) => setHours(Number(e.currentTarget.value))}>
              {SILENCE_HOURS.map((h) => (
                <option key={h} value={h}>
                  {t.hoursOrDays(h)}
                </option>
              ))}
            </select>
          </label>
          <label>
            {t.reason}
            <input
              required
              maxLength={LONGEST_COMMENT}
              value={comment}
              onInput={(e) => setComment(e.currentTarget.value)}
            />
          </label>
        </>
      )}
    </Dialog>
  );
}
