import { useEffect, useState } from "preact/hooks";
import type { PageName } from "../watched";
import { watchPages } from "./api";
import { useLocale } from "./locale";

export type View = "autoscaler" | "alerts" | PageName;

/** Which page is seen: the address says so, and "back" works. Views that the site has not are none. */
export function useView(): { view: View; views: View[] } {
  const [views, setViews] = useState<View[]>(["autoscaler"]);
  const [wanted, setWanted] = useState(() => location.hash.slice(1));
  useEffect(() => {
    // Without an answer there is the autoscaler's; that the connection is lost is told there.
    watchPages().then(
      (pages) =>
        pages.length > 0 && setViews(["autoscaler", "alerts", ...pages.map(({ name }) => name)]),
      () => undefined,
    );
    // "Skip to content" has an address of its own, and leaves the page as it is.
    const change = () => location.hash !== "#main" && setWanted(location.hash.slice(1));
    addEventListener("hashchange", change);
    return () => removeEventListener("hashchange", change);
  }, []);
  return { view: views.find((view) => view === wanted) ?? "autoscaler", views };
}

/** The way to the other pages, where there are some. */
export function Pages({ view, views }: { view: View; views: View[] }) {
  const { t } = useLocale();
  if (views.length < 2) return null;
  return (
    <nav class="pages" aria-label={t.pagesLabel}>
      <ul>
        {views.map((name) => (
          <li key={name}>
            <a href={`#${name}`} aria-current={name === view ? "page" : undefined}>
              {t.pages[name]}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}
