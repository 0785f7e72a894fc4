import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useLocale } from "./locale";

interface DialogProps {
  /** Of the title, which names the dialog. */
  id: string;
  title: string;
  /** What is to be filled in. */
  children?: ComponentChildren;
  /** What it leads to. */
  consequence: string;
  /** On the button. */
  confirm: string;
  give: () => Promise<void>;
  close: (given: boolean) => void;
}

/** Asks before something is ordered, and says why it could not be. */
export function Dialog({ id, title, children, consequence, confirm, give, close }: DialogProps) {
  const { t } = useLocale();
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string>();
  useEffect(() => dialog.current?.showModal(), []);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await give();
      // The element gives the focus back to the button that opened it.
      dialog.current?.close();
      close(true);
    } catch (error) {
      setBusy(false);
      setFault((error as Error).message);
    }
  };
  return (
    <dialog ref={dialog} aria-labelledby={id} onClose={() => close(false)}>
      <form onSubmit={(event) => void submit(event)}>
        <h2 id={id}>{title}</h2>
        {children !== undefined && <div class="fields">{children}</div>}
        <p>{consequence}</p>
        <p role="alert" class="fault">
          {fault}
        </p>
        <div class="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            {t.cancel}
          </button>
          <button class="primary" disabled={busy}>
            {confirm}
          </button>
        </div>
      </form>
    </dialog>
  );
}
