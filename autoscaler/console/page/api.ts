import type { Decision } from "../../model";
import type { Order } from "../../orders";
import type { FiringNow, PageName, ShownPage, Span } from "../watched";
import type { History, Me } from "../wire";

/** An answer that is none of success. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** When to try again, s. */
    readonly retryAfter?: number,
  ) {
    super(message);
  }
}

async function ask(path: string, body?: unknown): Promise<Response> {
  const response = await fetch(
    path,
    body === undefined
      ? {}
      : {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify(body),
        },
  );
  if (response.ok) return response;
  const said = (await response.json().catch(() => ({}))) as { error?: string };
  const retry = response.headers.get("retry-after");
  throw new Refused(
    response.status,
    said.error ?? response.statusText,
    retry ? Number(retry) : undefined,
  );
}

export const me = async (): Promise<Me> => (await ask("/api/me")).json() as Promise<Me>;
export const logIn = async (name: string, password: string): Promise<Me> =>
  (await ask("/api/login", { name, password })).json() as Promise<Me>;
export const logOut = async (): Promise<void> => void (await ask("/api/logout", {}));
export const history = async (since: number): Promise<History> =>
  (await ask(`/api/history?since=${since}`)).json() as Promise<History>;
export const decisionAt = async (at: number): Promise<Decision> =>
  (await ask(`/api/decision?at=${at}`)).json() as Promise<Decision>;
export const give = async (order: Order): Promise<void> => void (await ask("/api/orders", order));
export const watchPages = async (): Promise<{ name: PageName }[]> =>
  (await ask("/api/watch")).json() as Promise<{ name: PageName }[]>;
export const watchPage = async (name: PageName, hours: Span): Promise<ShownPage> =>
  (await ask(`/api/watch/${name}?hours=${hours}`)).json() as Promise<ShownPage>;
export const firing = async (): Promise<FiringNow> =>
  (await ask("/api/firing")).json() as Promise<FiringNow>;
export const silence = async (fingerprint: string, hours: number, comment: string): Promise<void> =>
  void (await ask("/api/silences", { kind: "silence", fingerprint, hours, comment }));
export const endSilence = async (id: string): Promise<void> =>
  void (await ask("/api/silences", { kind: "end", id }));
