import * as pulumi from "@pulumi/pulumi";

/**
 * What `pulumi up` and `preview` end with where the config is not taken: they show it as it is. Without a stack trace,
 * which nobody is shown and Pulumi reads all the same: through every source map of the program, for 15 to 40 s (seen).
 */
export function refusal(message: string): pulumi.RunError {
  const error = new pulumi.RunError(message);
  error.stack = message;
  return error;
}
