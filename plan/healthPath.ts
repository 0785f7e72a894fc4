import { z } from "zod";

/** Path that says whether a web service is well: what a URL takes, and the probe's shell carries between quotes. */
export const healthPath = z
  .string()
  .regex(/^\/[\w./?=&%-]*$/, "an absolute path of letters, digits and . _ - / ? = & % only");
