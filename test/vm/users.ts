import type { Site } from "./site";

const LOG = "/run/users.log";
/** Longest wait for an answer, s: a handshake takes an emulated machine a second of CPU. */
const WAIT = 30;

/** What users saw. */
export interface Seen {
  requests: number;
  /** Requests that were not answered with 200, as they were logged. */
  failed: string[];
  /** Longest time in which no service could use it, s. */
  redis: number;
  database: number;
}

/**
 * What the log says. Pure.
 * @param log lines of: when a request was sent and answered, ms; the answer; its status
 */
export function seen(log: string): Seen {
  const lines = log.split("\n").filter((line) => line !== "");
  const longest = (store: "redis" | "database"): number => {
    let since: number | undefined;
    let most = 0;
    for (const line of lines) {
      const [, sent = "", answered = ""] = /^(\d+) (\d+) /.exec(line) ?? [];
      since ??= Number(sent);
      most = Math.max(most, Number(answered) - since);
      if (line.includes(`"${store}":"ok"`)) since = Number(answered);
    }
    return most / 1000;
  };
  return {
    requests: lines.length,
    failed: lines.filter((line) => !line.endsWith(" 200")),
    redis: longest("redis"),
    database: longest("database"),
  };
}

/** A user of the web entry, request after request, who is told each time whether the services have their stores. */
export class Users {
  private constructor(private readonly site: Site) {}

  static async start(site: Site): Promise<Users> {
    const ask = `curl -ksS -m ${WAIT} -w " %{http_code}" https://${site.outputs.vips.web}/health 2>&1`;
    const now = "$(date +%s%3N)";
    const loop = `while :; do sent=${now}; said=$(${ask}); echo "$sent ${now}" $said; sleep 1; done >${LOG}`;
    // No variable of systemd's own: it would replace them.
    const unit = "systemd-run --quiet --collect --unit=users sh /run/users.sh";
    await site.on("compute1", `cat >/run/users.sh && ${unit}`, { input: `${loop}\n` });
    return new Users(site);
  }

  /** Ends them. */
  async end(): Promise<Seen> {
    return seen(await this.site.on("compute1", `systemctl stop users; cat ${LOG}`));
  }
}
