import { sentence } from "../../log/sentence";
import type { Decision } from "../../model";
import { useLocale } from "./locale";
import { Panel } from "./parts";

/** Rows of the table; all are marked in the plot. */
const SHOWN = 40;

interface ChangesProps {
  changes: Decision[];
  now: number;
  pick: (at: number) => void;
}

/** Every decision of the day that changed something; the newest first. */
export function Changes({ changes, now, pick }: ChangesProps) {
  const { t, language, time } = useLocale();
  const shown = changes.slice(-SHOWN).reverse();
  return (
    <Panel id="changes" title={t.changes}>
      {shown.length === 0 ? (
        <p class="empty">{t.noChanges}</p>
      ) : (
        <div class="scroll" tabIndex={0} role="group" aria-label={t.changes}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t.at}</th>
                <th scope="col">{t.reason}</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((decision) => (
                <tr key={decision.at}>
                  <td>
                    <button class="plain" onClick={() => pick(decision.at)}>
                      {time(decision.at, now)}
                    </button>
                  </td>
                  <td>{sentence(decision, language)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}
