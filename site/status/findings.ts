import type { Finding } from "../../components/look";

/** Whole, or the worst of the findings: what nobody can tell may be worse than a spare that is missing. */
export type Verdict = "whole" | Finding["severity"];

/** Severities, the worst first. */
export const SEVERITIES: Finding["severity"][] = ["down", "unknown", "reduced"];

export const verdict = (findings: Finding[]): Verdict =>
  SEVERITIES.find((severity) => findings.some((f) => f.severity === severity)) ?? "whole";
