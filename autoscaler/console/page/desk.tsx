import { useCallback, useEffect, useMemo, useState } from "preact/hooks";
import type { Decision } from "../../model";
import type { Me, ShownStatus } from "../wire";
import { decisionAt } from "./api";
import { Alerts } from "./alerts";
import { Changes } from "./changes";
import { FiringAlerts } from "./firing";
import { Header } from "./header";
import { useLive } from "./live";
import { locale, LocaleContext } from "./locale";
import { Now } from "./now";
import { useNow } from "./parts";
import { Pages, useView } from "./pages";
import { Plot } from "./plot";
import { Plots } from "./plots";
import type { Language } from "./texts";
import { Topology } from "./topology";
import { Why } from "./why";

interface DeskProps {
  user: Me;
  language: Language;
  choose: (language: Language) => void;
  leave: () => void;
  logOut: () => void;
}

/** The page of somebody who is logged in. */
export function Desk({ user, language, choose, leave, logOut }: DeskProps) {
  const live = useLive(leave);
  const { snapshot, lost } = live;
  const now = useNow(live.ahead);
  const zone = snapshot?.settings.timeZone;
  const words = useMemo(() => locale(language, zone), [language, zone]);
  const { chosen, at, choose: pick } = useChosen();
  const { t } = words;
  const { view, views } = useView();
  const operator = user.role === "operator";
  // It is only passed on by the service: what it is, is known by the one that it comes from.
  const status = snapshot?.status as ShownStatus | undefined;
  useEffect(() => {
    if (snapshot) document.title = `${snapshot.pool.length} · ${snapshot.site} · hpc-ha`;
  }, [snapshot?.pool.length, snapshot?.site]);
  return (
    <LocaleContext.Provider value={words}>
      <a class="skip" href="#main">
        {t.skip}
      </a>
      <Header {...{ user, snapshot, status, lost, language, choose, logOut }} />
      <Pages view={view} views={views} />
      {lost !== undefined && (
        <p class="lost" role="alert">
          {t.lostSince(words.time(lost + live.ahead, now))}
        </p>
      )}
      <main id="main" tabIndex={-1} class={lost === undefined ? undefined : "stale"}>
        {snapshot === undefined ? (
          <p class="empty">{t.loading}</p>
        ) : view === "alerts" ? (
          <FiringAlerts now={now} operator={operator} leave={leave} />
        ) : view !== "autoscaler" ? (
          <Plots key={view} name={view} timeZone={zone} leave={leave} />
        ) : (
          <>
            <Now snapshot={snapshot} now={now} operator={operator} />
            {snapshot.alerts.length > 0 && <Alerts alerts={snapshot.alerts} now={now} />}
            <div class="column">
              <Plot
                rows={live.rows}
                changes={live.changes}
                snapshot={snapshot}
                chosen={at}
                pick={pick}
              />
              <Topology status={status} decision={snapshot.decision} pool={snapshot.pool} />
            </div>
            <div class="column">
              <Why
                decision={chosen ?? snapshot.decision}
                past={chosen !== undefined}
                now={now}
                back={() => pick(undefined)}
              />
              <Changes changes={live.changes} now={now} pick={pick} />
            </div>
          </>
        )}
      </main>
    </LocaleContext.Provider>
  );
}

/** The moment in the past that is looked at, and what was decided then; undefined: now. */
function useChosen() {
  const [at, setAt] = useState<number>();
  const [chosen, setChosen] = useState<Decision>();
  useEffect(() => {
    if (at === undefined) {
      setChosen(undefined);
      return undefined;
    }
    // While somebody drags, only the place where it stops is asked for.
    let current = true;
    const timer = setTimeout(() => {
      decisionAt(at).then(
        (decision) => current && setChosen(decision),
        // The connection is told as lost elsewhere.
        () => undefined,
      );
    }, 80);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [at]);
  return { at, chosen, choose: useCallback((time: number | undefined) => setAt(time), []) };
}
