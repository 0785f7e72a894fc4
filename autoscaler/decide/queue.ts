import type { Vote } from "../model";
import { mostConstrained } from "./backends";
import { lost, type Situation } from "./situation";

/**
 * Requests that wait in a backend. Above the goal one node more at once, and one for each further goal, at most twice as many
 * as serve: a queue adds up for as long as the overload lasts, so its length tells how long that has been as much as how many
 * nodes are short (Kubernetes' HPA doubles at most, too). While anything waits, none is taken away.
 */
export function queue(s: Situation): Vote {
  const goal = s.settings.goals.queue;
  return mostConstrained(s, "queue", ({ queue: value }, serving) => {
    if (value > goal) {
      const more = Math.min(serving, Math.max(1, Math.floor(value / Math.max(goal, 1))));
      return { wanted: Math.max(s.size, serving + more + lost(s, serving)), value, goal };
    }
    return { wanted: value > 0 ? s.size : 1, value, goal };
  });
}
