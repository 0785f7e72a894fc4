import type { Me, ShownSnapshot, ShownStatus } from "../wire";
import { useLocale } from "./locale";
import { Choice, type Health, Mark } from "./parts";
import type { Language } from "./texts";

interface LanguageProps {
  language: Language;
  choose: (language: Language) => void;
}

export const LanguageChoice = ({ language, choose }: LanguageProps) => (
  <Choice
    name="language"
    label="Language · 언어"
    options={[
      ["en", "English", "en"],
      ["ko", "한국어", "ko"],
    ]}
    value={language}
    change={choose}
  />
);

const VERDICTS: Record<ShownStatus["verdict"], Health> = {
  whole: "good",
  reduced: "warn",
  unknown: "unknown",
  down: "bad",
};

interface HeaderProps extends LanguageProps {
  user: Me;
  snapshot?: ShownSnapshot;
  status?: ShownStatus;
  lost?: number;
  logOut: () => void;
}

export function Header({ user, snapshot, status, lost, logOut, ...language }: HeaderProps) {
  const { t } = useLocale();
  return (
    <header>
      <h1>hpc-ha {snapshot && <span>{snapshot.site}</span>}</h1>
      {status && (
        <p class="verdict">
          <Mark health={VERDICTS[status.verdict]} />
          {t.verdicts[status.verdict]}
        </p>
      )}
      <p class="link" role="status">
        <Mark health={lost === undefined ? "good" : "bad"} />
        {lost === undefined ? t.live : t.notLive}
      </p>
      <LanguageChoice {...language} />
      <p class="user">
        {user.name} <span>{t.roles[user.role]}</span>
      </p>
      <button onClick={logOut}>{t.logOut}</button>
    </header>
  );
}
