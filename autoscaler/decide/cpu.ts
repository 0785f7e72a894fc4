import type { Vote } from "../model";
import { ageOf, isFresh, lost, servingAnywhere, type Situation } from "./situation";

/**
 * Mean busy share of the serving nodes' processors. Those of which nothing is known are taken for as busy as the others; that
 * nothing shrinks then, is decided elsewhere. Fewer nodes only where they would stay below the tolerance band.
 */
export function cpu(s: Situation): Vote {
  const { cpu: goal, tolerance } = s.settings.goals;
  const serving = servingAnywhere(s.look);
  const samples = serving.flatMap((machine) => {
    const sample = s.look.cpu[machine];
    return sample && isFresh(s, sample.at) ? [sample] : [];
  });
  if (samples.length === 0) return { rule: "cpu" };
  const n = serving.length;
  const value = samples.reduce((sum, sample) => sum + sample.value, 0) / samples.length;
  const wanted =
    value > goal * (1 + tolerance)
      ? Math.max(s.size, Math.ceil((n * value) / goal) + lost(s, n))
      : Math.min(s.size, Math.max(1, Math.ceil((n * value) / (goal * (1 - tolerance)))));
  const age = Math.max(...samples.map(({ at }) => ageOf(s, at)));
  return { rule: "cpu", wanted, value, goal, age };
}
