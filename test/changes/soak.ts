/** Faults and changes by chance, for a time, as a program of its own. Arguments: how long (8h), a seed. */
import { durationOf } from "../../cli/duration";
import { CASES } from "../faults/cases";
import { soak } from "../faults/soak";
import { CHANGES } from "./cases";
import { ownCertificates } from "./certificates";
import { tidyAtEnd } from "./tidy";

tidyAtEnd();

async function main([time = "", seed = String(Date.now() % 2 ** 32)]: string[]): Promise<boolean> {
  const seconds = durationOf("soak", time);
  const authority = await ownCertificates();
  const cases = [...CASES, ...CHANGES];
  return soak({ seconds, seed: Number(seed), cases, authority }, (text) => console.log(text));
}

main(process.argv.slice(2)).then(
  (whole) => process.exit(whole ? 0 : 1),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  },
);
