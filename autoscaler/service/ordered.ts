import type { Memory } from "../model";
import type { Order } from "../orders";

/** The memory with what a person has said. Pure. @param now ms since 1970 */
export function ordered(memory: Memory, order: Order, by: string, now: number): Memory {
  const { hold, paused, ...rest } = memory;
  const [held, stopped] = [hold && { hold }, paused && { paused }];
  switch (order.kind) {
    case "hold":
      return { ...rest, ...stopped, hold: { size: order.size, until: order.until, by } };
    case "release":
      return { ...rest, ...stopped };
    case "pause":
      return { ...rest, ...held, paused: { at: now, by } };
    case "resume":
      return { ...rest, ...held };
  }
}
