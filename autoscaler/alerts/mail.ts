import { createTransport } from "nodemailer";
import type { AutoscalerConfig } from "../../components/web/autoscaler";
import { type Place, subject, text } from "./message";
import { type Batch, reason, SEND_SECONDS, type Sender, SendFailure } from "./sender";

export type MailSettings = NonNullable<AutoscalerConfig["alerts"]["mail"]>;

/** Longest time for a whole mail, s: a server may answer each line in time and yet never be done. */
const MAIL_SECONDS = 3 * SEND_SECONDS;

/** What nodemailer's codes mean to who has to mend it. */
const MEANING: Record<string, string> = {
  EAUTH: "the login is refused",
  ETLS: "no encryption, and the password is not sent without",
  ESOCKET: "no connection, or its certificate is not valid",
  EENVELOPE: "an address is refused",
};

/** Mail by a server of the owner's. */
export class Mail implements Sender {
  readonly name = "mail";
  constructor(
    private readonly settings: MailSettings,
    private readonly place: Place,
  ) {}

  async send(batch: Batch): Promise<void> {
    const { host, port, tls, user, password, from, to } = this.settings;
    const login = user !== undefined && password !== undefined;
    const wait = SEND_SECONDS * 1000;
    const transport = createTransport({
      ...{ host, port, secure: tls },
      ...{ connectionTimeout: wait, greetingTimeout: wait, dnsTimeout: wait, socketTimeout: wait },
      // A password goes to nobody but the server that was meant. Without one, who could pose as the server could as well
      // leave STARTTLS out: then a certificate that nobody signed, as mail servers of a site have it, is better than none.
      requireTLS: login,
      tls: { rejectUnauthorized: tls || login },
      ...(login && { auth: { user, pass: password } }),
    });
    const message = {
      ...{ from, to, subject: subject(batch, this.place), text: text(batch, this.place) },
      // Nobody's "out of office" answers it.
      headers: { "Auto-Submitted": "auto-generated" },
    };
    const timer = new AbortController();
    try {
      await Promise.race([transport.sendMail(message), late(timer.signal)]);
    } catch (error) {
      // Never the server's text, which may repeat what it was sent.
      const { responseCode } = error as { responseCode?: number };
      const answer = responseCode === undefined ? "" : ` (the server answers ${responseCode})`;
      const why = reason(error);
      throw new SendFailure(`mail by ${host}:${port}: ${MEANING[why] ?? why}${answer}`);
    } finally {
      timer.abort();
      transport.close();
    }
  }
}

/** Rejects when a mail has taken too long. */
const late = (done: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const timer = setTimeout(
      () => reject(Object.assign(new Error(), { code: "ETIMEDOUT" })),
      MAIL_SECONDS * 1000,
    );
    done.addEventListener("abort", () => clearTimeout(timer));
  });
