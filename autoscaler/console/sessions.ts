import { createHash, randomBytes } from "node:crypto";
import type { Role } from "./wire";

/** A session ends so long after its login, ms: a working day. */
const LONGEST = 12 * 3_600_000;
/** And so long after it was last used, ms; a page that is open uses it. */
const IDLE = 3_600_000;
/** Sessions that one user may have at the same time; the oldest ends. */
const EACH = 20;

export interface Session {
  user: string;
  role: Role;
}

interface Kept extends Session {
  began: number;
  used: number;
}

/** Who is logged in. In memory: a restart of the service ends all sessions. */
export class Sessions {
  /** By the hash of its id: who reads this memory has no cookie. */
  private readonly kept = new Map<string, Kept>();

  constructor(private readonly now: () => number = Date.now) {}

  /** @returns the id, for the cookie */
  begin(session: Session): string {
    const own = [...this.kept].filter(([, s]) => s.user === session.user && this.lives(s));
    for (const [key, s] of this.kept) if (!this.lives(s)) this.kept.delete(key);
    if (own.length >= EACH) this.kept.delete(own[0]?.[0] ?? "");
    const id = randomBytes(32).toString("base64url");
    this.kept.set(keyOf(id), { ...session, began: this.now(), used: this.now() });
    return id;
  }

  /** The session of a cookie, which is used by this; undefined when there is none, or none any more. */
  use(id: string | undefined): Session | undefined {
    const found = id === undefined ? undefined : this.kept.get(keyOf(id));
    if (found === undefined || !this.lives(found)) return undefined;
    found.used = this.now();
    return { user: found.user, role: found.role };
  }

  end(id: string | undefined): void {
    if (id !== undefined) this.kept.delete(keyOf(id));
  }

  private lives({ began, used }: Kept): boolean {
    return this.now() - began < LONGEST && this.now() - used < IDLE;
  }
}

const keyOf = (id: string) => createHash("sha256").update(id).digest("base64");
