/** Whether a machine is still as it was left. */
import { lookForMark } from "../rollout/mark";
import { quote } from "./look";

/** Shell text: the hashes of files, and what is not active of the units. */
export const lookScript = (files: string[], units: string[]): string =>
  [
    files.length > 0 ? `sha256sum ${files.map(quote).join(" ")} 2>/dev/null` : "true",
    "echo ==",
    `for u in ${units.map(quote).join(" ")}; do systemctl -q is-active "$u" || echo "$u"; done`,
    "echo ==",
    lookForMark("change"),
    "true",
  ].join("\n");

export interface Looked {
  files: Record<string, string>;
  stopped: string[];
  marked: boolean;
}

export function readLook(text: string): Looked {
  const [sums = "", stopped = "", marked = ""] = text.split(/^==$/m);
  const files: Record<string, string> = {};
  for (const [, sum = "", file = ""] of sums.matchAll(/^([0-9a-f]{64}) {2}(.+)$/gm))
    files[file] = sum;
  const words = (lines: string) => lines.split("\n").filter((line) => line !== "");
  return { files, stopped: words(stopped), marked: words(marked).includes("marked") };
}

/** In words, what of a machine is not as it was left. */
export function differences(left: Record<string, string>, now: Looked): string[] {
  return [
    ...Object.keys(left).flatMap((file) =>
      now.files[file] === left[file]
        ? []
        : [now.files[file] === undefined ? `${file} is gone` : `${file} was edited`],
    ),
    ...now.stopped.map((unit) => `${unit} is not active`),
    ...(now.marked ? ["a change of it was cut off"] : []),
  ];
}
