import { execFileSync } from "node:child_process";
import type { StackOutputs } from "../../site/stack";
import { ensurePackages } from "../../toolchain/host";
import { pace } from "./pace";
import { ask } from "./site";

const PLACE = "/tmp/ab";
/** Open files of ab: a connection each, and its own. */
const FILES = 4096;

/** What the owner's load test saw. */
export interface AbReport {
  seconds: number;
  failed: number;
  /** Longest answer, s. */
  longest: number;
}

/** Brings ApacheBench of this machine, which is Debian too, to `client`; the site's image has none. */
export async function installAb(outputs: StackOutputs): Promise<void> {
  await ensurePackages([["ab", "apache2-utils"]], () => undefined);
  const libraries = execFileSync("ldd", ["/usr/bin/ab"], { encoding: "utf8" })
    .split("\n")
    .flatMap((line) => / => (\S+\/libapr\S*)/.exec(line)?.[1] ?? []);
  const input = execFileSync("tar", ["-chf", "-", "/usr/bin/ab", ...libraries], {
    stdio: ["ignore", "pipe", "ignore"],
    maxBuffer: 64 * 1024 * 1024,
  });
  const put = `mkdir -p ${PLACE} && tar -C ${PLACE} --transform 's#.*/##' -xf -`;
  await ask(outputs, "client", put, { input });
}

/** The owner's load test: `ab -n 10000 -c 1000` on a page, from `client`. */
export async function ab(outputs: StackOutputs, url: string): Promise<AbReport> {
  const seconds = Math.round(120 * pace());
  const run = `ulimit -n ${FILES}; LD_LIBRARY_PATH=${PLACE} timeout ${seconds} ${PLACE}/ab -s 60 -n 10000 -c 1000 ${url}`;
  const { stdout } = await ask(outputs, "client", run, { timeout: (seconds + 10) * 1000 });
  return readAb(stdout);
}

/** @throws Error when it is no report of ab */
export function readAb(text: string): AbReport {
  const number = (what: RegExp) => Number(what.exec(text)?.[1] ?? NaN);
  const report = {
    seconds: number(/^Time taken for tests: +([\d.]+)/m),
    failed: number(/^Failed requests: +(\d+)/m) + (number(/^Non-2xx responses: +(\d+)/m) || 0),
    longest: number(/^ *100% +(\d+)/m) / 1000,
  };
  if (Object.values(report).some(Number.isNaN)) throw new Error(`no report of ab: ${text}`);
  return report;
}
