import { z } from "zod";

/** Path that says whether a web service is well: what a URL takes, and the probe's shell carries between quotes. */
export const healthPath = z
  .string()
  .regex(/^\/[\w./?=&%-]*$/, "an absolute path of letters, digits and . _ - / ? = & % only");

/** Name that is asked for there. */
export const healthHost = z
  .string()
  .regex(/^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/, "a host name, e.g. portal.example.org");

/** Statuses of a healthy answer as HAProxy writes them. */
export const healthStatus = z.coerce
  .string()
  .regex(
    /^[1-5]\d\d(-[1-5]\d\d)?(,[1-5]\d\d(-[1-5]\d\d)?)*$/,
    'status codes or ranges, e.g. "200" or "200-399"',
  );
