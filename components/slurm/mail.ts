import { z } from "zod";
import { relayFaults, relayKeys } from "../../plan/receivers";

/** What slurmctld calls for each mail (role controllers): it is left on the state share, from where slurm-ha sends it. */
const MAIL_PROGRAM = "/usr/local/sbin/slurm-mail";
/** Nobody has said where mail is to go; Slurm's default is not there and an error at each start and each mail. */
const NO_MAIL = "/bin/true";

/** The site's mail server, by which slurmctld's mails of jobs are sent (`sbatch --mail-type`). */
export const mail = z.strictObject({
  ...relayKeys,
  /** Nothing is sent in the clear: STARTTLS is demanded; at port 465 TLS from the first byte. Default: yes. */
  tls: z.boolean().default(true),
  /** Of users who say no `--mail-user`: their name at it. Default: what stands behind the @ of `from`. */
  domain: z
    .string()
    .regex(/^[A-Za-z0-9]([\w-]*\.)*[\w-]*$/, "a domain, e.g. example.org")
    .optional(),
});
export type Mail = z.infer<typeof mail>;

/** Faults of its keys among each other. */
export const mailFaults = (mail: Mail | undefined): string[] =>
  mail === undefined ? [] : relayFaults("slurm.mail", mail);

/** Keys of slurm.conf that it says. */
export const MAIL_OPTIONS: readonly string[] = ["MailProg", "MailDomain"];

/** Its lines there. */
export const mailOptions = (mail: Mail | undefined): Record<string, string> =>
  mail === undefined
    ? { MailProg: NO_MAIL }
    : { MailProg: MAIL_PROGRAM, MailDomain: mail.domain ?? mail.from.replace(/^.*@/, "") };

/** What slurm-ha is told of it: JSON in base64, since Ansible would take braces in a password for its own; "" without. */
export function relayOf(mail: Mail | undefined): string {
  if (mail === undefined) return "";
  const { host, port, tls, from: sender, user = "", password = "" } = mail;
  const relay = { host, port, tls, sender, user, password };
  return Buffer.from(JSON.stringify(relay)).toString("base64");
}
