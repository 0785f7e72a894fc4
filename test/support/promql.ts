/** Words of PromQL that look like names of metrics. */
const WORDS = new Set(["and", "or", "unless", "bool", "offset", "by", "without", "on", "ignoring"]);

/**
 * The vectors that an expression reads, each as it selects them and without its range: pure. What it compares them with is
 * left out, so that a healthy site has them all.
 */
export function selectorsOf(expr: string): string[] {
  const text = expr.replace(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, " ");
  const found = [...text.matchAll(/([a-zA-Z_:][\w:]*)(\{[^}]*\})?(\s*\()?|"[^"]*"/g)].flatMap(
    ([, name, labels = "", call]) =>
      name === undefined || call !== undefined || WORDS.has(name) || /^\d/.test(name)
        ? []
        : [`${name}${labels}`],
  );
  // Units of ranges, as in [5m], come after a digit and are no names of their own.
  return [...new Set(found.filter((selector) => selector.includes("_") || /^up\b/.test(selector)))];
}
