import { useRef, useState } from "preact/hooks";
import type { Order } from "../../orders";
import type { ShownSnapshot } from "../wire";
import { give } from "./api";
import { Dialog } from "./dialog";
import { useLocale } from "./locale";

/** How long a person's size may hold, minutes. */
const DURATIONS = [30, 60, 120, 240, 480, 1440];
const DEFAULT_DURATION = 120;
type Kind = Order["kind"];

interface OrderProps {
  snapshot: ShownSnapshot;
  now: number;
}

/** What an operator may order now. Each is confirmed. */
export function OrderButtons({ snapshot, now }: OrderProps) {
  const { t } = useLocale();
  const [open, setOpen] = useState<{ kind: Kind; scale: boolean; asked: number }>();
  const asked = useRef(0);
  const [done, setDone] = useState("");
  const { memory } = snapshot;
  const size = snapshot.decision?.size ?? snapshot.pool.length;
  const ask = (kind: Kind, scale = false) => {
    setDone("");
    setOpen({ kind, scale, asked: (asked.current += 1) });
  };
  return (
    <div class="orders">
      <button onClick={() => ask("hold", true)}>{t.scale}</button>
      <button onClick={() => ask(memory.hold ? "release" : "hold")}>
        {memory.hold ? t.release : t.holdAt(size)}
      </button>
      <button onClick={() => ask(memory.paused ? "resume" : "pause")}>
        {memory.paused ? t.resume : t.pause}
      </button>
      <p role="status" class="unseen">
        {done}
      </p>
      {open && (
        <Confirmation
          // Another one each time: a closed dialog says so a moment later, and must not take along one asked for since.
          key={open.asked}
          {...open}
          snapshot={snapshot}
          now={now}
          size={size}
          close={(given) => {
            setOpen((now) => (now === open ? undefined : now));
            if (given) setDone(t.ordered);
          }}
        />
      )}
    </div>
  );
}

interface ConfirmationProps extends OrderProps {
  kind: Kind;
  /** Whether the size is to be another one. */
  scale: boolean;
  /** Present size. */
  size: number;
  close: (given: boolean) => void;
}

function Confirmation({ kind, scale, size, snapshot, now, close }: ConfirmationProps) {
  const { t, minute } = useLocale();
  const { limits } = snapshot;
  const [wanted, setWanted] = useState(scale ? Math.min(size + 1, limits.max) : size);
  const [minutes, setMinutes] = useState(DEFAULT_DURATION);
  const until = now + minutes * 60_000;
  const order = (): Order => (kind === "hold" ? { kind, size: wanted, until } : { kind });
  const title = {
    hold: scale ? t.scaleTitle : t.holdTitle,
    release: t.releaseTitle,
    pause: t.pauseTitle,
    resume: t.resumeTitle,
  }[kind];
  const consequence = {
    hold: t.holdConsequence(size, wanted, minute(until, now)),
    release: t.releaseConsequence,
    pause: t.pauseConsequence,
    resume: t.resumeConsequence,
  }[kind];
  const confirm = {
    hold: t.holdConfirm(wanted),
    release: t.releaseConfirm,
    pause: t.pauseConfirm,
    resume: t.resumeConfirm,
  }[kind];
  return (
    <Dialog
      id="order-title"
      title={title}
      consequence={consequence}
      confirm={confirm}
      give={() => give(order())}
      close={close}
    >
      {kind === "hold" ? (
        <>
          <label>
            {t.size(limits.min, limits.max)}
            <input
              type="number"
              inputMode="numeric"
              min={limits.min}
              max={limits.max}
              required
              value={wanted}
              onInput={(e) => setWanted(e.currentTarget.valueAsNumber || size)}
              autofocus={scale}
            />
          </label>
          <label>
            {t.duration}
            <select value={minutes} onChange={(e) => setMinutes(Number(e.currentTarget.value))}>
              {DURATIONS.map((d) => (
                <option key={d} value={d}>
                  {t.minutes(d)}
                </option>
              ))}
            </select>
          </label>
        </>
      ) : undefined}
    </Dialog>
  );
}
