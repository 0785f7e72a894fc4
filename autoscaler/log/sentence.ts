/** A decision in one sentence. Nothing of node here: a browser has it, too. */
import type { Brake, Decision, Vote } from "../model";
import { EN, KO, type Words } from "./words";

/** For instance "held at 4: scale-in window ends in 2:10". */
export function sentence(decision: Decision, language: "en" | "ko"): string {
  const words = { en: EN, ko: KO }[language];
  const { at, size, target, brakes } = decision;
  const said = (...kinds: Brake["brake"][]): string[] =>
    brakes.flatMap((brake) => (kinds.includes(brake.brake) ? brakeText(brake, at, words) : []));
  const list = (begin: string, ...why: string[]): string => `${begin}: ${why.join("; ")}`;
  if (target !== size) {
    return list(words.changed(size, target), ...reasons(decision, said, words));
  }
  const stopped = said("paused", "update", "hold");
  if (stopped.length > 0) return list(words.held(size), ...stopped, ...otherWish(decision, words));
  const waits = said("metrics", "window", "cooldown", "budget");
  if (waits.length > 0) return list(words.held(size), ...waits);
  const limits = said("schedule", "maximum", "minimum");
  if (limits.length > 0) {
    const more = said("maximum").length > 0 ? otherWish(decision, words) : [];
    return list(words.held(size), ...limits, ...more);
  }
  if (decision.serving === 0) return list(words.held(size), words.nobody);
  return list(words.right(size), voteText(strongest(decision), words), ...said("tolerance"));
}

type Said = (...kinds: Brake["brake"][]) => string[];

/** Why the size changes: who asked for it, and what keeps it from going all the way. */
function reasons(decision: Decision, said: Said, words: Words): string[] {
  const { size, target, wanted, votes } = decision;
  const hold = said("hold");
  if (hold.length > 0) return hold;
  if (target > size) {
    const asking = votes.find((vote) => vote.wanted === wanted && wanted > size);
    const limits = said("maximum", "minimum");
    return asking ? [voteText(asking, words), ...limits] : limits;
  }
  const limits = said("schedule", "maximum");
  return limits.length > 0 ? limits : [words.quiet];
}

const otherWish = ({ size, wanted }: Decision, words: Words): string[] =>
  wanted === size ? [] : [words.wanted(wanted)];

/** The rule that is nearest to its goal, or furthest above. */
function strongest({ votes }: Decision): Vote | undefined {
  const pressure = ({ value = -1, goal = 1 }: Vote): number => value / (goal || 1);
  return [...votes].sort((a, b) => pressure(b) - pressure(a))[0];
}

function voteText(vote: Vote | undefined, words: Words): string {
  const { rule, wanted = 0, value, goal = 0, of = "" } = vote ?? {};
  if (rule === "schedule") return words.scheduled(wanted, of);
  if (value === undefined) return words.nobody;
  const [shown, aim] = [amount(value), amount(goal)];
  if (rule === "cpu") return words.cpu(amount(value * 100), amount(goal * 100));
  return rule === "queue" ? words.queue(of, shown, aim) : words.connections(of, shown, aim);
}

function brakeText(brake: Brake, at: number, words: Words): string {
  const left = (until: number): string => span(until - at);
  switch (brake.brake) {
    case "window":
    case "budget":
    case "cooldown":
      return words[brake.brake](left(brake.until));
    case "maximum":
    case "minimum":
      return words[brake.brake](brake.limit);
    case "schedule":
      return words.schedule(brake.limit, brake.until === undefined ? undefined : left(brake.until));
    case "hold":
      return words.hold(brake.size, left(brake.until));
    case "update":
      return words.update(span(at - brake.since));
    case "metrics":
      return words.metrics(brake.missing);
    case "paused":
    case "tolerance":
      return words[brake.brake];
  }
}

/** At most one digit behind the point, which small numbers need. */
const amount = (value: number): string => String(Number(value.toFixed(value < 10 ? 1 : 0)));

/** 2:10, or 1:02:10. */
function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const two = (n: number): string => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
