import { useEffect, useState } from "preact/hooks";
import type { Me } from "../wire";
import { logOut, me } from "./api";
import { Desk } from "./desk";
import { firstLanguage, keepLanguage, locale, LocaleContext } from "./locale";
import { Login } from "./login";
import type { Language } from "./texts";

/** Whether somebody is logged in is known by the first answer. */
export function App() {
  const [user, setUser] = useState<Me | "nobody">();
  const [language, setLanguage] = useState<Language>(firstLanguage);
  useEffect(() => {
    me().then(setUser, () => setUser("nobody"));
  }, []);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const choose = (chosen: Language) => {
    keepLanguage(chosen);
    setLanguage(chosen);
  };
  const leave = () => setUser("nobody");
  if (user === undefined) return null;
  return user === "nobody" ? (
    <LocaleContext.Provider value={locale(language)}>
      <Login enter={setUser} language={language} choose={choose} />
    </LocaleContext.Provider>
  ) : (
    <Desk
      user={user}
      language={language}
      choose={choose}
      leave={leave}
      logOut={() => void logOut().finally(leave)}
    />
  );
}
