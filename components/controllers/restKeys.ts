import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Rest } from "../slurm/rest";

/** Secrets of Slurm's REST API; "" where nobody needs one. */
export interface RestKeys {
  /** What tokens are signed with. */
  jwt: pulumi.Output<string>;
  /** By which the portal proves that it is it. */
  portal: pulumi.Output<string>;
}

/** Makes them. Those of a site that has none any more are forgotten: no old token is good when it has some again. */
export function restKeys(
  name: string,
  { enabled, portal }: Rest,
  opts: pulumi.ComponentResourceOptions,
): RestKeys {
  const key = (what: string, wanted: boolean) =>
    wanted
      ? new random.RandomBytes(`${name}-${what}`, { length: 32 }, opts).base64
      : pulumi.output("");
  return {
    jwt: key("jwt-key", enabled),
    portal: key("portal-key", enabled && portal !== undefined),
  };
}
