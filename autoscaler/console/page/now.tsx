import { sentence } from "../../log/sentence";
import type { ShownSnapshot } from "../wire";
import { useLocale } from "./locale";
import { OrderButtons } from "./orders";
import { type Health, Mark } from "./parts";

const RUNNING: Record<ShownSnapshot["running"], Health> = {
  on: "good",
  paused: "warn",
  "dry-run": "unknown",
};

interface NowProps {
  snapshot: ShownSnapshot;
  now: number;
  operator: boolean;
}

/** The size, and in one sentence why it is that. */
export function Now({ snapshot, now, operator }: NowProps) {
  const { t, language, time, minute } = useLocale();
  const { decision, limits, memory, pool, update, running } = snapshot;
  const { hold, paused } = memory;
  return (
    <section class="panel now" aria-labelledby="now-title">
      <div class="size">
        <h2 id="now-title">{t.webNodes}</h2>
        <p>
          <strong>{decision?.size ?? pool.length}</strong>{" "}
          <span>
            {t.between(limits.min, limits.max)}
            <br />
            {decision && t.serving(decision.serving)}
          </span>
        </p>
      </div>
      <div class="reason">
        <p class="sentence" aria-live="polite">
          {decision ? sentence(decision, language) : t.noLook}
        </p>
        <ul class="facts">
          <li>
            <Mark health={RUNNING[running]} />
            {t.running[running]}
            {paused && ` ${t.by(paused.by, time(paused.at, now))}`}
          </li>
          {hold && <li>{t.held(hold.size, minute(hold.until, now), hold.by)}</li>}
          {update && <li>{t.updating(update.what, time(update.since, now))}</li>}
          {decision && <li>{t.looked(Math.max(0, Math.round((now - decision.at) / 1000)))}</li>}
        </ul>
      </div>
      {operator && <OrderButtons snapshot={snapshot} now={now} />}
    </section>
  );
}
