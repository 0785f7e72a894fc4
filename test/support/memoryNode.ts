import type { Check, Sick } from "../../haproxy/check";
import { NodeLost } from "../../haproxy/node";
import type { Node } from "../../haproxy/reached";
import { EMPTY, type Observed, type Slot } from "../../haproxy/state";
import type { Clock } from "../../lib/wait";

/** Time that passes only when somebody waits, s. */
export class FakeClock implements Clock {
  private time = 0;
  now = () => this.time;
  pause = (seconds: number) => {
    this.time += seconds;
    return Promise.resolve();
  };
}

/** What the HAProxy nodes of a test see of the web nodes. */
export interface World {
  clock: FakeClock;
  /** Addresses of web nodes that answer no health check. */
  sick: Set<string>;
  /** When the last session on an address ends by itself, s; default: there are none. */
  busyUntil: Map<string, number>;
  /** HAProxy nodes that hold the web VIP. */
  holders: Set<string>;
}

/** A HAProxy node in memory, with slots that behave as HAProxy's do. */
export class MemoryNode implements Node {
  readonly log: string[] = [];
  /** Time of the last change that it was told. */
  generation = 0;
  private dies = Infinity;
  private calls = 0;
  private readonly slots: Slot[];

  constructor(
    readonly name: string,
    private readonly world: World,
    backends: string[],
    size: number,
  ) {
    this.slots = backends.flatMap((backend) =>
      Array.from({ length: size }, (_, i) => ({
        backend,
        server: `slot${i + 1}`,
        address: EMPTY,
        port: 0,
        admin: "maint" as const,
        checked: false,
        sessions: 0,
        up: false,
        lastCheck: "",
      })),
    );
  }

  /** From its n-th answer from now on it gives none; Infinity: it is back. */
  dieAt(answer: number): void {
    this.calls = 0;
    this.dies = answer;
  }
  get alive(): boolean {
    return this.calls < this.dies;
  }

  /** Addresses that get new requests in every backend. */
  get rotation(): string[] {
    const ready = this.slots.filter((s) => s.admin === "ready" && s.address !== EMPTY);
    return [...new Set(ready.map((s) => s.address))].sort();
  }
  /** Addresses that are in any slot. */
  get known(): string[] {
    return [...new Set(this.slots.map((s) => s.address))].filter((a) => a !== EMPTY).sort();
  }

  async observe(): Promise<Observed> {
    await this.answer("observe");
    const { clock, sick, busyUntil } = this.world;
    for (const slot of this.slots) {
      const used = slot.address !== EMPTY && slot.admin !== "maint";
      slot.up = used && (!slot.checked || !sick.has(slot.address));
      slot.lastCheck = used && slot.checked ? (sick.has(slot.address) ? "L4CON" : "L7OK") : "";
      slot.sessions = (busyUntil.get(slot.address) ?? 0) > clock.now() ? 1 : 0;
    }
    return { slots: this.slots.map((s) => ({ ...s })), generation: this.generation };
  }

  async apply(commands: string[]): Promise<string> {
    for (const command of commands) {
      await this.answer(command);
      this.obey(command);
    }
    return "";
  }

  async probe(checks: Check[]): Promise<Sick[]> {
    await this.answer("probe");
    return checks
      .filter(({ address }) => this.world.sick.has(address))
      .map(({ address, url }) => ({ address, what: url, why: "no answer" }));
  }

  async holds(): Promise<boolean> {
    await this.answer("holds");
    return this.world.holders.has(this.name);
  }

  private answer(what: string): Promise<void> {
    this.calls += 1;
    if (this.calls >= this.dies) return Promise.reject(new NodeLost(`${this.name}: no answer`));
    this.log.push(what);
    return Promise.resolve();
  }

  private obey(command: string): void {
    const [, backend, server, rest = ""] =
      /(?:server|health) (\S+)\/(\S+) ?(.*)$/.exec(command) ?? [];
    if (backend === "membership") {
      const [, address = EMPTY] = /addr (\S+)/.exec(rest) ?? [];
      this.generation = address.split(".").reduce((n, byte) => n * 256 + Number(byte), 0);
      return;
    }
    const slot = this.slots.find((s) => s.backend === backend && s.server === server);
    if (!slot) throw new Error(`no such server: ${command}`);
    const [, address, port] = /^addr (\S+)(?: port (\d+))?$/.exec(rest) ?? [];
    if (address !== undefined) Object.assign(slot, { address, port: Number(port ?? 0) });
    else if (command.startsWith("enable health")) slot.checked = true;
    else if (command.startsWith("shutdown sessions")) this.world.busyUntil.delete(slot.address);
    else if (/^state (ready|drain|maint)$/.test(rest)) {
      slot.admin = rest.slice("state ".length) as Slot["admin"];
      if (slot.admin === "maint") slot.checked = false;
    } else throw new Error(`not understood: ${command}`);
  }
}
