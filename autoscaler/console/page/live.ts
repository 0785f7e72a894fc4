import { useEffect, useRef, useState } from "preact/hooks";
import type { Decision } from "../../model";
import { BEAT, EVENTS, isChange, type Row, rowOf, type ShownSnapshot, slim, SPAN } from "../wire";
import { history, me, Refused } from "./api";

/** What the page knows. */
export interface Live {
  snapshot?: ShownSnapshot;
  /** Looks of the last day; the oldest first. */
  rows: Row[];
  changes: Decision[];
  /** The service's clock before this browser's, ms. */
  ahead: number;
  /** Since when nothing has been heard, ms since 1970 by this browser; undefined while connected. */
  lost?: number;
}

/** Silence that means that the connection is dead, ms. */
const SILENCE = 2.5 * BEAT;
/** Pauses between attempts to connect, ms. */
const PAUSES = [1000, 2000, 4000, 8000, 15_000];
const NOTHING: Live = { rows: [], changes: [], ahead: 0 };

/** What is known with a snapshot more. Pure. @param received ms since 1970 by this browser */
function withSnapshot(live: Live, snapshot: ShownSnapshot, received: number): Live {
  const { decision } = snapshot;
  const next = { ...live, snapshot, ahead: snapshot.now - received, lost: undefined };
  if (decision === undefined || decision.at <= (live.rows.at(-1)?.[0] ?? 0)) return next;
  return {
    ...next,
    rows: [...live.rows.filter(([at]) => at > decision.at - SPAN), rowOf(decision)],
    changes: isChange(decision) ? [...live.changes, slim(decision)] : live.changes,
  };
}

/** The autoscaler as it is, kept true by the server's events while the page is seen. @param leave called when logged out */
export function useLive(leave: () => void): Live {
  const [live, setLive] = useState<Live>(NOTHING);
  const newest = useRef(0);
  newest.current = live.rows.at(-1)?.[0] ?? 0;

  useEffect(() => {
    let stream: EventSource | undefined;
    let retry: number | undefined;
    let attempt = 0;
    let heard = Date.now();
    let ended = false;

    const stop = () => {
      stream?.close();
      stream = undefined;
      clearTimeout(retry);
    };
    const hear = () => {
      heard = Date.now();
      attempt = 0;
    };
    const lose = () => {
      stop();
      if (ended || document.hidden) return;
      setLive((l) => (l.lost === undefined ? { ...l, lost: heard } : l));
      retry = window.setTimeout(() => void connect(), PAUSES[Math.min(attempt, PAUSES.length - 1)]);
      attempt += 1;
    };
    const connect = async () => {
      stop();
      try {
        await me();
        const more = await history(newest.current);
        if (ended) return;
        setLive((l) => ({
          ...l,
          rows: [...l.rows, ...more.rows.filter(([at]) => at > (l.rows.at(-1)?.[0] ?? 0))],
          changes: [
            ...l.changes,
            ...more.changes.filter(({ at }) => at > (l.changes.at(-1)?.at ?? 0)),
          ],
        }));
      } catch (error) {
        if (error instanceof Refused && error.status === 401) leave();
        else lose();
        return;
      }
      const opened = new EventSource("/api/events");
      stream = opened;
      opened.addEventListener(EVENTS.snapshot, ({ data }: MessageEvent<string>) => {
        hear();
        const snapshot = JSON.parse(data) as ShownSnapshot;
        setLive((l) => withSnapshot(l, snapshot, Date.now()));
      });
      opened.addEventListener(EVENTS.beat, hear);
      opened.onerror = lose;
    };
    // A page that nobody sees keeps no connection: browsers have six for all of a site's pages.
    const onVisible = () => (document.hidden ? stop() : void connect());
    const watch = window.setInterval(() => {
      if (stream !== undefined && Date.now() - heard > SILENCE) lose();
    }, 5000);
    const again = () => void connect();
    document.addEventListener("visibilitychange", onVisible);
    window.addEventListener("online", again);
    window.addEventListener("offline", lose);
    void connect();
    return () => {
      ended = true;
      stop();
      clearInterval(watch);
      document.removeEventListener("visibilitychange", onVisible);
      window.removeEventListener("online", again);
      window.removeEventListener("offline", lose);
    };
  }, []);
  return live;
}
