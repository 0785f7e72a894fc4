/** Who is told of alerts and of jobs, as a config says it. */
import { z } from "zod";

/** A URL that messages are posted to; a secret, as it lets anybody post who knows it. */
export const receiverUrl = z.url({ protocol: /^https?$/ });

/** A mail server and who writes by it; what `tls` means is each tier's own. */
export const relayKeys = {
  host: z.string().regex(/^[\w.-]+$/, "a host name or address"),
  /** Default 587. */
  port: z.int().min(1).max(65535).default(587),
  user: z.string().min(1).optional(),
  /** A secret. */
  password: z.string().min(1).optional(),
  from: z.email(),
};

/** The same, and to whom. */
export const mailKeys = { ...relayKeys, to: z.array(z.email()).min(1) };

/** Faults of a mail server's keys among each other, where nothing is sent in the clear with `tls`. @param at its key */
export function relayFaults(
  at: string,
  mail: { user?: string | undefined; password?: string | undefined; tls: boolean },
): string[] {
  const { user, password, tls } = mail;
  return [
    ...((user === undefined) === (password === undefined)
      ? []
      : [
          `${at}: ${user === undefined ? "password without user" : "user without password"}; allowed is both or neither`,
        ]),
    ...(password !== undefined && !tls
      ? [`${at}.tls = false: the password would be sent in the clear`]
      : []),
  ];
}
