import { LATE_MARK, MARK } from "../../components/look";
import type { Answer } from "./silence";

/** An answer taken apart. */
export interface Parts {
  /** What was said before the first part. */
  head: string;
  /** The parts that were said to their end, or as far as there was an end. */
  said: Map<string, string>;
  /** Parts that were not told in time. */
  late: string[];
}

/** Name of what is before the first part. */
const HEAD = "";

/** @param asked names of the parts that the machine was asked, in their order; see partsAsked */
export function partsOf({ text, missing }: Answer, head: string[], asked: string[]): Parts {
  const said = new Map([[HEAD, ""]]);
  const late = new Set<string>();
  let current = HEAD;
  for (const line of text.split("\n")) {
    if (line.startsWith(LATE_MARK)) late.add(line.slice(LATE_MARK.length));
    else if (line.startsWith(MARK)) said.set((current = line.slice(MARK.length)), "");
    else said.set(current, `${said.get(current)}${line}\n`);
  }
  // The part that it was at may have more to say; those behind it were not begun.
  const begun = missing === "late" || current === HEAD ? 0 : head.length + asked.indexOf(current);
  if (missing === "cut" || missing === "late") {
    [...head, ...asked].slice(begun).forEach((name) => late.add(name));
  }
  late.forEach((name) => said.delete(name));
  const parts = [...said].map(([name, part]) => [name, part.trim()] as const);
  return { head: said.get(HEAD) ?? "", said: new Map(parts), late: [...late] };
}

/** Names of the parts that a script asks, in their order. */
export const partsAsked = (script: string): string[] =>
  [...script.matchAll(new RegExp(`echo '${MARK}(\\S+)'`, "g"))].map((m) => m[1] ?? "");
