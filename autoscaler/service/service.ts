import type { ConsoleSource, Snapshot } from "../console/source";
import { decide } from "../decide";
import { sentence } from "../log/sentence";
import type { ImageRefresh } from "../../lib/imageRefresh";
import type { Alert, Decision, Look, Memory } from "../model";
import { checkOrder, type Order } from "../orders";
import type { ServiceSettings } from "../settings";
import type { Updates } from "../updates";
import { alertsOf, redundancyOf } from "./alerts";
import { ended, neverBegun, pastOf, undone } from "./ended";
import { Metrics } from "./metrics";
import { ordered } from "./ordered";
import { nextPool, samePool } from "./pool";
import type { State, StateStore, Trouble } from "./state";

/** What the service works with; its tests put others in the place of all. */
export interface Parts {
  store: StateStore;
  /** ms since 1970. */
  now(): number;
  /** 0 to 1. */
  chance(): number;
  /**
   * The settings where they have changed since the last call, else undefined.
   * @param surely also when they may just be changing
   * @throws Error when they cannot be read
   */
  settings(surely: boolean): Promise<ServiceSettings | undefined>;
  /** Never rejects. @param pool names of the web nodes that there are or soon will be */
  look(settings: ServiceSettings, pool: string[], now: number): Promise<Look>;
  updates: Updates;
  /** What became of the last refresh of the image of new machines. */
  image(): ImageRefresh | undefined;
  decisions: { append(decision: Decision): void; since(at: number): Decision[] };
  tell(alerts: Alert[]): Promise<void>;
  log(text: string): void;
  /** It says what it would do, and does nothing. */
  dryRun: boolean;
}

/** Looks, decides, writes that down, has it done; takes orders, and tells how it is. */
export class Service implements ConsoleSource {
  private state: State;
  private decision: Decision | undefined;
  private alerts: Alert[] = [];
  private shownStatus: unknown;
  private fault = "";
  private readonly counts = new Metrics(() => this.snapshot());
  private readonly listeners = new Set<() => void>();
  /** Called when there is a reason not to wait for the next look. */
  onOrder: () => void = () => undefined;

  constructor(
    private readonly parts: Parts,
    public settings: ServiceSettings,
  ) {
    this.state = parts.store.read();
  }

  /** One look and all that follows from it. Never rejects: what cannot be done now may be at the next look. */
  async look(): Promise<void> {
    try {
      await this.cycle();
      this.fault = "";
      this.trouble("look", undefined);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (why !== this.fault) this.parts.log(`look failed: ${why}`);
      this.fault = why;
      this.trouble("look", why);
    }
    const { site, config } = this.settings;
    const about = { now: this.parts.now(), site, staleSeconds: config.staleSeconds };
    this.alerts = alertsOf(this.state, this.decision, about);
    // It tries again by itself, and a receiver that is slow does not hold up the next look.
    void this.parts.tell(this.alerts);
    this.counts.looked();
    this.changed();
  }

  private async cycle(): Promise<void> {
    const { parts } = this;
    await this.hear();
    const update = parts.updates.running();
    if (!update) this.state = neverBegun(this.state);
    const pool = this.pool();
    const now = parts.now();
    const from = update ? (this.state.update?.from ?? []) : [];
    const look = await parts.look(this.settings, [...new Set([...pool, ...from])], now);
    const { config, limits } = this.settings;
    const before = this.state.memory;
    const { rest } = this.state;
    const { decision, memory } = decide({
      ...{ now, look, size: pool.length, limits, settings: config, memory: before },
      ...(update && { update: { since: update.since } }),
      ...(rest !== undefined && { rest }),
    });
    parts.decisions.append(decision);
    if (decision.target !== this.decision?.target || decision.target !== decision.size) {
      parts.log(sentence(decision, "en"));
    }
    this.decision = decision;
    this.state = { ...this.state, memory };
    this.trouble("redundancy", redundancyOf(decision, limits.min));
    this.trouble("image", config.imageDays === undefined ? undefined : parts.image()?.why);
    await this.act(decision, before, update !== undefined);
    parts.store.write(this.state);
  }

  /** What became of an update, and whether the site is as it was. */
  private async hear(): Promise<void> {
    const { parts } = this;
    const result = await parts.updates.finished();
    if (result) {
      parts.log(
        result.ok
          ? `update done: ${result.pool.join(", ")}`
          : `update ${result.kind}: ${result.why}`,
      );
      this.state = ended(this.state, result, parts.chance());
      this.counts.updated(result);
      if (result.ok) this.settings = { ...this.settings, pool: result.pool };
    }
    if (parts.updates.running()) return;
    try {
      const settings = await parts.settings(result !== undefined);
      if (settings) {
        this.settings = settings;
        // A person has updated the site: the clone may be the right one now.
        if (!result && this.state.troubles.outdated) {
          const { rest: _, ...state } = this.state;
          this.state = state;
          this.trouble("outdated", undefined);
        }
      }
      this.trouble("settings", undefined);
    } catch (error) {
      this.trouble("settings", (error as Error).message);
    }
  }

  /** Has the decision done, if it may. */
  private async act(decision: Decision, before: Memory, busy: boolean): Promise<void> {
    const { dryRun, updates } = this.parts;
    const { at, look, target, size } = decision;
    const { memory, again, troubles, rest = 0 } = this.state;
    const pool = this.pool();
    const all = this.settings.web.map(({ name }) => name);
    const sick = this.state.sick.filter((name) => pool.includes(name));
    const next = nextPool(pool, sick, target, look, all);
    const may = !dryRun && !busy && !memory.paused && !troubles.settings && at >= rest;
    const undo = pastOf(before);
    if (!may || (samePool(next, pool) && !again)) {
      // What is not done uses up no budget.
      if (target !== size) this.state = { ...this.state, memory: undone(memory, undo) };
      return;
    }
    const come = next.filter((name) => !pool.includes(name));
    const stand = come.slice(0, sick.length).map((name) => [name, 1] as const);
    const replaced = { ...memory.replaced, ...Object.fromEntries(stand) };
    const { rest: _, ...state } = this.state;
    this.state = {
      ...state,
      memory: { ...memory, replaced },
      sick: [],
      update: { at, from: pool, to: next, undo },
    };
    // Whatever happens now, the next service knows what was begun.
    this.parts.store.write(this.state);
    try {
      await updates.start(next, sentence(decision, "en"));
    } catch (error) {
      const why = `the update could not be started: ${(error as Error).message}`;
      this.state = ended(this.state, { at, ok: false, pool, kind: "failed", why }, 0);
    }
  }

  private pool(): string[] {
    const running = this.parts.updates.running() && this.state.update;
    return running ? running.to : this.settings.pool;
  }

  /** Begins a trouble, or ends it: `why` is undefined. */
  private trouble(name: Trouble, why: string | undefined): void {
    const { [name]: lasting, ...others } = this.state.troubles;
    const since = lasting?.since ?? this.parts.now();
    this.state = {
      ...this.state,
      troubles: why === undefined ? others : { ...others, [name]: { since, why } },
    };
  }

  order(order: Order, by: string): Promise<void> {
    const now = this.parts.now();
    const faults = checkOrder(order, this.settings.limits, now);
    if (faults.length > 0) return Promise.reject(new Error(faults.join("; ")));
    // Who asks now does not wait for the next attempt.
    const { rest: _, ...state } = this.state;
    this.state = { ...state, memory: ordered(state.memory, order, by, now) };
    this.parts.store.write(this.state);
    this.parts.log(`${by}: ${JSON.stringify(order)}`);
    this.changed();
    this.onOrder();
    return Promise.resolve();
  }

  snapshot(): Snapshot {
    const { settings, state, parts } = this;
    const update = parts.updates.running();
    const { paused } = state.memory;
    return {
      now: parts.now(),
      site: settings.site,
      ...(this.decision && { decision: this.decision }),
      limits: settings.limits,
      settings: settings.config,
      memory: state.memory,
      alerts: this.alerts,
      ...(update && { update }),
      pool: this.pool(),
      ...(this.shownStatus !== undefined && { status: this.shownStatus }),
      running: parts.dryRun ? "dry-run" : paused ? "paused" : "on",
    };
  }

  history(since: number): Decision[] {
    return this.parts.decisions.since(since);
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  metrics(): Promise<string> {
    return this.counts.text();
  }

  get updating(): boolean {
    return this.parts.updates.running() !== undefined;
  }

  /** What `npx hpc status --json` says. */
  show(status: unknown): void {
    this.shownStatus = status;
    this.changed();
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}
