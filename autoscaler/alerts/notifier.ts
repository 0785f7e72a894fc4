import type { Alert } from "../model";
import { due, failed, nothingTold, sent, type Told } from "./due";
import { type Sender, SendFailure } from "./sender";
import type { AlertStore } from "./store";

/**
 * Tells people of what is the matter, and that it is over, each once and each way for itself. What could not be sent is
 * tried again at later looks. A receiver that took something and did not say so hears it twice.
 */
export class Notifier {
  private readonly told: Map<string, Told>;
  private readonly busy = new Set<Sender>();

  /**
   * @param store Default: what was told is forgotten with the process
   * @param clock ms since 1970
   * @param log takes a sentence without secrets
   */
  constructor(
    private readonly senders: Sender[],
    private readonly store?: AlertStore,
    private readonly clock: () => number = Date.now,
    private readonly log: (sentence: string) => void = console.error,
  ) {
    const before = store?.read() ?? {};
    this.told = new Map(senders.map(({ name }) => [name, nothingTold(before[name])]));
  }

  /**
   * Once in every look, not before the first one is done: what is not among these is over.
   * @returns when all that was begun is sent or has failed; need not be waited for. Never rejects
   */
  async tell(current: Alert[]): Promise<void> {
    await Promise.all(this.senders.map((sender) => this.tellBy(sender, [...current])));
  }

  private async tellBy(sender: Sender, current: Alert[]): Promise<void> {
    const told = this.told.get(sender.name) ?? nothingTold();
    const batch = due(told, current, this.clock());
    // What it has not told when it is done, it tells at a later look.
    if (!batch || this.busy.has(sender)) return;
    this.busy.add(sender);
    try {
      await sender.send(batch);
      this.told.set(sender.name, sent(told, batch));
      this.keep();
    } catch (error) {
      this.told.set(sender.name, failed(told, this.clock()));
      const why = error instanceof SendFailure ? error.message : `${sender.name} failed`;
      this.log(`alerts not sent, they will be tried again: ${why}`);
    } finally {
      this.busy.delete(sender);
    }
  }

  private keep(): void {
    const all = [...this.told].map(([name, { alerts }]) => [name, alerts] as const);
    try {
      this.store?.write(Object.fromEntries(all));
    } catch (error) {
      this.log(`what was told of alerts cannot be kept: ${(error as Error).message}`);
    }
  }
}
