import { sentence } from "../../log/sentence";
import type { Brake, Decision, Vote } from "../../model";
import { type Locale, useLocale } from "./locale";
import { Mark, Panel } from "./parts";

interface WhyProps {
  decision?: Decision;
  /** Whether it is not the last one. */
  past: boolean;
  now: number;
  /** To the last one. */
  back: () => void;
}

/** Why a decision was taken: each rule's vote, and what held it back. */
export function Why({ decision, past, now, back }: WhyProps) {
  const words = useLocale();
  const { t, language, time } = words;
  const silent = Object.entries(decision?.look.proxies ?? {}).filter(
    ([, why]) => why !== undefined,
  );
  return (
    <Panel
      id="why"
      title={t.why}
      side={
        decision && (
          <p class="when">
            {time(decision.at, now)}
            {past && <button onClick={back}>{t.backToNow}</button>}
          </p>
        )
      }
    >
      {decision === undefined ? (
        <p class="empty">{t.noLook}</p>
      ) : (
        <>
          {past && <p class="sentence">{sentence(decision, language)}</p>}
          <table>
            <thead>
              <tr>
                <th scope="col">{t.rule}</th>
                <th scope="col" class="n">
                  {t.measured}
                </th>
                <th scope="col" class="n">
                  {t.goal}
                </th>
                <th scope="col" class="n">
                  {t.asks}
                </th>
              </tr>
            </thead>
            <tbody>
              {decision.votes.map((vote) => (
                <VoteRow key={vote.rule} vote={vote} words={words} />
              ))}
            </tbody>
            <tfoot>
              <tr>
                <th scope="row" colSpan={3}>
                  {t.together}
                </th>
                <td class="n">{decision.wanted}</td>
              </tr>
              <tr>
                <th scope="row" colSpan={3}>
                  {t.decided(decision.size)}
                </th>
                <td class="n">
                  <strong>{decision.target}</strong>
                </td>
              </tr>
            </tfoot>
          </table>
          {decision.brakes.length > 0 && (
            <>
              <h3>{t.heldBack}</h3>
              <ul class="brakes">
                {decision.brakes.map((brake) => (
                  <li key={brake.brake}>{brakeText(brake, words, now)}</li>
                ))}
              </ul>
            </>
          )}
          {silent.map(([name, why]) => (
            <p key={name} class="note">
              <Mark health="warn" /> {t.proxySilent(name, why ?? "")}
            </p>
          ))}
        </>
      )}
    </Panel>
  );
}

function VoteRow({ vote, words }: { vote: Vote; words: Locale }) {
  const { t, number } = words;
  const { rule, value, goal, wanted, of, age } = vote;
  const say = (n: number | undefined) =>
    n === undefined ? "–" : rule === "cpu" ? `${number(n * 100)} %` : number(n, n < 10 ? 1 : 0);
  const above = value !== undefined && goal !== undefined && value > goal;
  return (
    <tr>
      <th scope="row">
        {t.rules[rule]}
        {(of !== undefined || age !== undefined) && (
          <small>
            {[of, age === undefined ? undefined : t.age(Math.round(age))]
              .filter(Boolean)
              .join(" · ")}
          </small>
        )}
      </th>
      <td class={above ? "n above" : "n"}>{say(value)}</td>
      <td class="n">{say(goal)}</td>
      <td class="n">{wanted ?? "–"}</td>
    </tr>
  );
}

function brakeText(brake: Brake, { t, time }: Locale, now: number): string {
  switch (brake.brake) {
    case "window":
    case "budget":
    case "cooldown":
      return t.brakes[brake.brake](time(brake.until, now));
    case "maximum":
    case "minimum":
      return t.brakes[brake.brake](brake.limit);
    case "schedule":
      return t.brakes.schedule(
        brake.limit,
        brake.until === undefined ? undefined : time(brake.until, now),
      );
    case "hold":
      return t.brakes.hold(brake.size, time(brake.until, now));
    case "paused":
      return t.brakes.paused;
    case "update":
      return t.brakes.update(time(brake.since, now));
    case "metrics":
      return t.brakes.metrics(brake.missing.join("; "));
    case "tolerance":
      return t.brakes.tolerance;
  }
}
