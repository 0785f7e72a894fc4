import { z } from "zod";

const age = z
  .string()
  .regex(
    /^([1-9]\d*(hours|days|months)|never)$/,
    "a number of hours, days or months, e.g. 24months, or never",
  );

/**
 * When slurmdbd throws records away, by what they are of; `never` keeps them. The defaults keep jobs for three years, and
 * for five what was used by whom, which is little; steps are most of a database. A month is kept to its end.
 */
export const purge = z
  .strictObject({
    event: age.default("24months"),
    job: age.default("36months"),
    resv: age.default("24months"),
    step: age.default("12months"),
    suspend: age.default("12months"),
    txn: age.default("36months"),
    usage: age.default("60months"),
  })
  .prefault({});

const NAMES: Record<keyof z.infer<typeof purge>, string> = {
  event: "PurgeEventAfter",
  job: "PurgeJobAfter",
  resv: "PurgeResvAfter",
  step: "PurgeStepAfter",
  suspend: "PurgeSuspendAfter",
  txn: "PurgeTXNAfter",
  usage: "PurgeUsageAfter",
};

/** Its lines of slurmdbd.conf. */
export const purgeOptions = (ages: z.infer<typeof purge>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(NAMES).flatMap(([what, key]) => {
      const after = ages[what as keyof typeof NAMES];
      return after === "never" ? [] : [[key, after]];
    }),
  );
