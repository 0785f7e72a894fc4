import type { Service } from "./plan";

/** One question after the health of a web service on a node, as HAProxy's own check puts it. */
export interface Check {
  /** Of the web node. */
  address: string;
  url: string;
  /** What the `Host` header says. */
  host: string;
  /** Codes and ranges of a healthy answer, as HAProxy writes them: "200", "200-399,404". */
  status: string;
  /** Longest wait for the answer, s. */
  seconds: number;
}

/** A check that did not succeed. */
export interface Sick {
  address: string;
  /** What was asked: the URL. */
  what: string;
  /** The last answer. */
  why: string;
}

/**
 * @param service one without `healthHost` is asked for by the web VIP, as a user without a name for the site does
 * @param patience factor of all time limits of a failover; HAProxy's check has it too
 */
export const checkOf = (
  service: Service,
  address: string,
  { webVip, patience }: { webVip: string; patience: number },
): Check => ({
  address,
  url: `http://${address}:${service.port}${service.healthPath}`,
  host: service.healthHost ?? webVip,
  status: service.healthStatus,
  seconds: service.checkSeconds * patience,
});

/** Whether `$code` is among these: an arithmetic test of bash. */
export const test = (status: string): string =>
  status
    .split(",")
    .map((range) => range.split("-").map(Number))
    .map(([from = 0, to = from]) => `(code >= ${from} && code <= ${to})`)
    .join(" || ");

/**
 * A program for bash that asks until all answer as they should: those of one address one after the other, the addresses
 * at the same time. It writes a line for each check that did not succeed in time: its number, and its last answer.
 */
export function probeScript(checks: Check[], seconds: number): string {
  const addresses = [...new Set(checks.map((c) => c.address))];
  const job = (address: string) =>
    checks
      .flatMap(({ url, host, status, seconds, ...check }, i) =>
        check.address === address
          ? [`probe ${i} '${url}' '${host}' ${seconds} '${test(status)}'`]
          : [],
      )
      .join("; ");
  return `
    end=$((SECONDS + ${Math.ceil(seconds)}))
    probe() {
      while :; do
        said=$(curl -s -o /dev/null -m "$4" -H "Host: $3" -w '%{http_code} %{errormsg}' "$2")
        code=\${said%% *}
        (( $5 )) && return
        [ $SECONDS -lt $end ] || break
        sleep 0.3
      done
      echo "$1 $said"
    }
    ${addresses.map((a) => `{ ${job(a)}; } &`).join("\n    ")}
    wait`;
}

/** What the program wrote, as the checks that it is about. */
export const readProbe = (checks: Check[], out: string): Sick[] =>
  [...out.matchAll(/^(\d+) (\d+) ?(.*)$/gm)].flatMap(([, number, code, error]) => {
    const check = checks[Number(number)];
    if (!check) return [];
    // curl writes 000 where nothing was answered, and why.
    const answer = code === "000" ? error || "no answer" : `${code}`;
    return [{ address: check.address, what: check.url, why: answer }];
  });
