import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { z } from "zod";
import { fileFaults, type Files } from "../../plan/files";

/** Of one line, as sssd.conf has it. Ansible would take braces for its own. */
const dn = z
  .string()
  .regex(
    /^(?!.*\{[{%#])[A-Za-z][\w.-]*=[^\p{Cc}]*(?<! )$/u,
    "a distinguished name, e.g. ou=people,dc=example,dc=org, without {{, {% and {#",
  );
/** A search base of sssd, with a scope and a filter if there is one. */
const searchBase = dn.optional();

/** An LDAP whose users may use the cluster. They are known wherever those of the config are. */
export const ldap = z.strictObject({
  /**
   * Its servers: the first one that answers is asked. `ldaps://` speaks TLS from the first byte; at `ldap://` TLS is begun by StartTLS, and
   * nothing is said without it.
   */
  uris: z
    .array(
      z
        .string()
        .regex(
          /^ldaps?:\/\/[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?$/,
          "ldaps://host or ldap://host (with StartTLS), and :port where it is not the usual one",
        ),
    )
    .min(1),
  /** Where its users and groups are. */
  base: dn,
  /** CA certificates (PEM) that its servers are verified with, on the machine that runs `pulumi up`. Default: those of Debian. */
  caFile: z.string().min(1).optional(),
  /** Whom it lets ask. Default: everybody. */
  bind: z
    .strictObject({
      dn,
      /** A secret. */
      password: z
        .string()
        .regex(/^(?! )[^\p{Cc}]+(?<! )$/u, "one line that neither begins nor ends with a blank"),
    })
    .optional(),
  /**
   * How a group names its members: by name (memberUid, rfc2307) or by distinguished name (member, rfc2307bis: FreeIPA, 389). Default:
   * rfc2307, as OpenLDAP's own schema has it.
   */
  schema: z.enum(["rfc2307", "rfc2307bis"]).default("rfc2307"),
  /** Who of it: a base, or `base?subtree?(filter)` (sssd-ldap(5)). Default: all users below `base`. */
  userBase: searchBase,
  /** The same of groups. */
  groupBase: searchBase,
});
export type Ldap = z.infer<typeof ldap>;

/**
 * Longest wait for a server, s, half of sssd's own: slurmctld, which asks for the user of each job, waits meanwhile.
 * After that sssd tells what it knows, and asks again a minute later.
 */
const ANSWER_SECONDS = 3;

/** Faults of the LDAP. */
export function ldapFaults({ uris, caFile }: Ldap, host: Files): string[] {
  return [
    ...uris.flatMap((uri, i) => {
      const port = Number(/:(\d+)$/.exec(uri)?.[1] ?? 1);
      const at = `users.ldap.uris.${i} = "${uri}"`;
      return [
        ...(port < 1 || port > 65535 ? [`${at}: a port is 1 to 65535`] : []),
        ...(uris.indexOf(uri) < i ? [`${at}: it is there twice`] : []),
      ];
    }),
    ...fileFaults("users.ldap.caFile", caFile, host, (text) => {
      if (text.includes("PRIVATE KEY-----")) return ["must have certificates only, no private key"];
      const pems = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
      if (pems.length === 0) return ["must have a certificate (PEM)"];
      return pems.every(isCertificate) ? [] : ["has a certificate that cannot be read"];
    }),
  ];
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

/** Variables of role users; its argument_specs describe them. @param patience factor of time limits of a failover */
export function ldapVars(ldap: Ldap | undefined, patience: number): Record<string, unknown> {
  const { uris = [], base = "", caFile, bind, schema = "rfc2307" } = ldap ?? {};
  return {
    users_ldap_uris: uris,
    users_ldap_base: base,
    users_ldap_ca: caFile === undefined ? "" : readFileSync(caFile, "utf8"),
    users_ldap_bind_dn: bind?.dn ?? "",
    // Ansible would take braces in it for its own.
    ...(bind && { users_ldap_password: Buffer.from(bind.password).toString("base64") }),
    users_ldap_schema: schema,
    users_ldap_user_base: ldap?.userBase ?? base,
    users_ldap_group_base: ldap?.groupBase ?? base,
    users_ldap_seconds: Math.ceil(patience * ANSWER_SECONDS),
  };
}
