import { z } from "zod";

/** Versions of Slurm's REST API that the portal speaks: of 22.05, and of 24.11. */
export const REST_APIS = ["v0.0.38", "v0.0.42"] as const;
export type RestApi = (typeof REST_APIS)[number];

/** Numbers and states are values in the one, and things that have the value in them in the other. */
const number = z.union([z.number(), z.object({ number: z.number() }).transform((n) => n.number)]);
const state = z.union([
  z.string(),
  z.tuple([z.string()], z.string()).transform(([first]) => first),
]);

/** What it says of errors; both the same. */
export const errorsSchema = z.object({
  errors: z.array(z.object({ error: z.string().optional(), description: z.string().optional() })),
});
export const jobsSchema = z.object({
  jobs: z.array(
    z.object({
      job_id: z.number(),
      name: z.string().nullish(),
      user_name: z.string().nullish(),
      job_state: state,
      partition: z.string().nullish(),
      submit_time: number,
    }),
  ),
});
export const submittedSchema = z.object({ job_id: z.number() });

/** A job's environment in a request. */
export const environmentIn = (
  api: RestApi,
  variables: Record<string, string>,
): Record<string, string> | string[] =>
  api === "v0.0.38"
    ? variables
    : Object.entries(variables).map(([name, value]) => `${name}=${value}`);
