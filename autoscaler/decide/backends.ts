import type { BackendLoad, RuleName, Vote } from "../model";
import { ageOf, freshBackends, type Situation, servingIn } from "./situation";

/** What a rule says of one backend. */
export interface Judged {
  wanted: number;
  value: number;
  goal: number;
}

/**
 * The vote of the backend that needs most. One of which nobody serves keeps the size: a service that is down everywhere is
 * not helped by more nodes that cannot run it, and says nothing about its load.
 */
export function mostConstrained(
  s: Situation,
  rule: RuleName,
  judge: (backend: BackendLoad, serving: number) => Judged,
): Vote {
  const backends = freshBackends(s);
  const votes = backends.map((b) => {
    const serving = servingIn(b);
    const judged = serving === 0 ? { wanted: s.size } : judge(b, serving);
    return { rule, ...judged, of: b.backend, age: ageOf(s, b.at) };
  });
  const pressure = ({ value = 0, goal = 1 }: Vote): number => value / (goal || 1);
  const [first] = votes.sort((a, b) => b.wanted - a.wanted || pressure(b) - pressure(a));
  return first ?? { rule };
}
