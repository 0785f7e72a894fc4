import { useState } from "preact/hooks";
import type { Me } from "../wire";
import { logIn, Refused } from "./api";
import { LanguageChoice } from "./header";
import { useLocale } from "./locale";
import type { Language } from "./texts";

interface LoginProps {
  enter: (user: Me) => void;
  language: Language;
  choose: (language: Language) => void;
}

export function Login({ enter, language, choose }: LoginProps) {
  const { t } = useLocale();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string>();
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setFault(undefined);
    try {
      enter(await logIn(form.get("name") as string, form.get("password") as string));
    } catch (error) {
      setBusy(false);
      setFault(
        !(error instanceof Refused)
          ? t.noAnswer
          : error.status === 429
            ? t.tooMany(error.retryAfter ?? 1)
            : error.status === 401
              ? t.wrongPassword
              : error.message,
      );
    }
  };
  return (
    <main class="login">
      <form onSubmit={(event) => void submit(event)}>
        <h1>
          hpc-ha <span>{t.console}</span>
        </h1>
        <label>
          {t.name}
          <input
            name="name"
            autocomplete="username"
            autocapitalize="none"
            required
            maxLength={64}
            autofocus
          />
        </label>
        <label>
          {t.password}
          <input
            name="password"
            type="password"
            autocomplete="current-password"
            required
            maxLength={256}
          />
        </label>
        <p role="alert" class="fault">
          {fault}
        </p>
        <button class="primary" disabled={busy}>
          {busy ? t.loggingIn : t.logIn}
        </button>
        <LanguageChoice language={language} choose={choose} />
      </form>
    </main>
  );
}
