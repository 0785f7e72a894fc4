import { useState } from "preact/hooks";
import { type PageName, type Span, SPANS } from "../watched";
import { watchPage } from "./api";
import { Curves } from "./curves";
import { useLocale } from "./locale";
import { Choice } from "./parts";
import { useAsked } from "./watched";

interface PlotsProps {
  name: PageName;
  timeZone?: string;
  leave: () => void;
}

/** A page of the monitor's: its panels over a span of time. */
export function Plots({ name, timeZone, leave }: PlotsProps) {
  const { t } = useLocale();
  const [span, setSpan] = useState<Span>(6);
  const { value, fault } = useAsked(() => watchPage(name, span), `${name} ${span}`, leave);
  return (
    <section class="plots" aria-labelledby="plots-title">
      <div class="panel-head">
        <h2 id="plots-title">{t.pages[name]}</h2>
        {value && <p class="when">{t.toldBy(value.from)}</p>}
        <Choice
          name="span"
          label={t.span}
          options={SPANS.map((hours) => [String(hours), t.hoursOrDays(hours)] as const)}
          value={String(span)}
          change={(chosen) => setSpan(SPANS.find((hours) => String(hours) === chosen) ?? 6)}
        />
      </div>
      {fault !== undefined && (
        <p class="lost" role="alert">
          {t.monitorSilent(fault)}
        </p>
      )}
      {value === undefined && fault === undefined && <p class="empty">{t.loading}</p>}
      <div class={fault === undefined ? "panels" : "panels stale"}>
        {value?.panels.map((panel, i) => (
          <Curves
            key={`${name} ${panel.title}`}
            id={`plot-${i}`}
            panel={panel}
            times={value.times}
            timeZone={timeZone}
          />
        ))}
      </div>
    </section>
  );
}
