/**
 * The autoscaler's service of a stack: `node --import tsx autoscaler/service/main.ts STACK [--dry-run]`. It ends in order by
 * SIGTERM and SIGINT; an update that runs goes on.
 */
import * as fs from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { readImageRefresh } from "../../lib/imageRefresh";
import { Stack } from "../../site/stack";
import { sendersOf } from "../alerts";
import { Notifier } from "../alerts/notifier";
import { alertFile } from "../alerts/store";
import { RunnerUpdates } from "../apply/updates";
import { startConsole } from "../console/server";
import { DecisionLog } from "../log";
import { overSsh } from "../metrics/ask";
import { type Raw, readLook } from "../metrics/look";
import { placeOf } from "../place";
import type { ServiceSettings } from "../settings";
import { NotOurs, readSettings } from "../site";
import { loop } from "./loop";
import { type Parts, Service } from "./service";
import { listen } from "./socket";
import { Watch } from "../watch";
import { fixedPart, SettingsSource, stateVersion } from "./source";
import { stateFile } from "./state";

/** Until it tries again what could not be had at the start, s. */
const AGAIN = 60;
/** Between the first two looks, s: over so long a time its first rates are. */
const FIRST_RATES = 5;
/** How often the page's picture of the site is made anew while somebody looks, s. */
const STATUS_EVERY = 30;

const say = (text: string): void => console.log(text);

/** The metrics of the site, over kept connections, with the counters of the look before. */
function looker({ entry, ssh, ports, backends }: ServiceSettings): Parts["look"] {
  const ask = overSsh(entry, ssh);
  const nodeExporterPort = ports["nodeExporter"] ?? 0;
  let before: Raw | undefined;
  return async (settings, pool, now) => {
    const web = settings.web.filter(({ name }) => pool.includes(name));
    const site = { entry: entry.map(({ name }) => name), web, backends, nodeExporterPort };
    if (!before) {
      // Rates are known from the second look on; without them a restart would begin the scale-in window anew.
      before = (await readLook(ask, site, undefined, now)).raw;
      await sleep(FIRST_RATES * 1000);
      now += FIRST_RATES * 1000;
    }
    const { look, raw } = await readLook(ask, site, before, now);
    before = raw;
    return look;
  };
}

/** The settings, as soon as there are any. @returns undefined after the signal */
async function firstSettings(stack: Stack, signal: AbortSignal) {
  let told = "";
  while (!signal.aborted) {
    try {
      return await readSettings(stack);
    } catch (error) {
      const { message } = error as Error;
      if (message !== told) say(message);
      told = message;
      await pause(AGAIN, signal);
    }
  }
  return undefined;
}

/** The site's monitor; undefined where it has none. */
function watchOf({ monitors, ports, backends, ssh }: ServiceSettings): Watch | undefined {
  const { prometheus, alertmanager } = ports;
  if (monitors.length === 0 || prometheus === undefined || alertmanager === undefined)
    return undefined;
  const ask = overSsh(monitors, ssh);
  const options = { monitors, ports: { prometheus, alertmanager }, services: backends };
  return new Watch({ ...options, ask, now: Date.now });
}

/** The page, as soon as its port can be had: scaling does not wait for it. */
async function page(service: Service, stack: Stack, signal: AbortSignal): Promise<void> {
  const { config, console: shown } = service.settings;
  const { port } = config.console;
  while (!signal.aborted) {
    try {
      const watch = watchOf(service.settings);
      const server = await startConsole({
        ...shown,
        port,
        source: service,
        ...(watch && { watch }),
      });
      signal.addEventListener("abort", () => void server.close());
      return await picture(service, stack, () => server.pages(), signal);
    } catch (error) {
      say(`no page at ${shown.address}:${port}: ${(error as Error).message}`);
      await pause(AGAIN, signal);
    }
  }
}

/** Keeps the page's picture of the site up to date while somebody looks. */
async function picture(
  service: Service,
  stack: Stack,
  pages: () => number,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const watched = pages() > 0;
    if (watched) {
      // Most of a site's code, which an idle service has no use for.
      const { statusOf } = await import("../../site/status/report.js");
      try {
        service.show(await statusOf(stack));
      } catch (error) {
        say(`status: ${(error as Error).message}`);
      }
    }
    // A page that is opened waits for its picture for a second at most.
    const until = Date.now() + STATUS_EVERY * 1000;
    do await pause(1, signal);
    while (!signal.aborted && Date.now() < until && (watched || pages() === 0));
  }
}

const pause = async (seconds: number, signal: AbortSignal): Promise<void> => {
  await sleep(seconds * 1000, undefined, { signal }).catch(() => undefined);
};

async function main(name: string, dryRun: boolean): Promise<void> {
  process.umask(0o077);
  const end = new AbortController();
  process.on("SIGTERM", () => end.abort());
  process.on("SIGINT", () => end.abort());
  const stack = new Stack(name, say);
  const version = stateVersion(name);
  const settings = await firstSettings(stack, end.signal);
  if (!settings) return;
  const place = placeOf(name);
  fs.mkdirSync(place.directory, { recursive: true, mode: 0o700 });
  const source = new SettingsSource(
    () => readSettings(stack),
    () => stateVersion(name),
    version,
  );
  const notifier = new Notifier(sendersOf(settings.config, settings.site), alertFile(place.alerts));
  const { updateSeconds } = settings.config;
  const service = new Service(
    {
      store: stateFile(place.state),
      now: Date.now,
      chance: Math.random,
      settings: async (surely) => {
        const now = await source.changed(surely).catch((error: Error) => {
          if (error instanceof NotOurs) end.abort();
          throw error;
        });
        // It is started anew, with them.
        if (now && fixedPart(now) !== fixedPart(settings)) end.abort();
        return now;
      },
      look: looker(settings),
      updates: new RunnerUpdates({ stack: name, seconds: updateSeconds, directory: place.updates }),
      image: () => readImageRefresh(settings.home, name),
      decisions: new DecisionLog(place.decisions),
      tell: (alerts) => notifier.tell(alerts),
      log: say,
      dryRun,
    },
    settings,
  );
  const socket = await listen(place.socket, service);
  say(`${settings.site}: ${settings.pool.length} web nodes${dryRun ? "; dry run" : ""}`);
  void page(service, stack, end.signal);
  await loop(service, end.signal);
  socket.close();
  say("ended");
  // Connections of the page, and alerts on their way, do not hold it up.
  process.exit(0);
}

const [stack = "", ...flags] = process.argv.slice(2);
main(stack, flags.includes("--dry-run")).catch((error: unknown) => {
  say(error instanceof Error ? error.message : String(error));
  process.exit(1);
});
