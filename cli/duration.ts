const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * A time as a person says it: "90s", "30m", "2h", "1d". Pure.
 * @param option that it was said with, for the message
 * @returns s
 * @throws Error when it is none
 */
export function durationOf(option: string, text: string): number {
  const [, number = "", unit = ""] = /^(\d+)([smhd])$/.exec(text) ?? [];
  const seconds = Number(number) * (UNITS[unit] ?? 0);
  if (seconds === 0) throw new Error(`${option} ${text}: a time such as 90s, 30m, 2h, 1d`);
  return seconds;
}
