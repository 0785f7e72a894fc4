import { type Place, subject, text } from "./message";
import { type Batch, reason, SEND_SECONDS, type Sender, SendFailure } from "./sender";

/** A webhook that takes `{"text": …}`, as those of Slack, Mattermost and Rocket.Chat do. Its URL is a secret. */
export class Webhook implements Sender {
  readonly name = "webhook";
  constructor(
    private readonly url: string,
    private readonly place: Place,
  ) {}

  async send(batch: Batch): Promise<void> {
    const words = `*${subject(batch, this.place)}*\n${text(batch, this.place)}`;
    const where = `webhook at ${new URL(this.url).hostname}`;
    let answer: Response;
    try {
      answer = await fetch(this.url, {
        method: "POST",
        headers: { "content-type": "application/json; charset=utf-8" },
        body: JSON.stringify({ text: escaped(words) }),
        // Where it leads to was not configured.
        redirect: "manual",
        signal: AbortSignal.timeout(SEND_SECONDS * 1000),
      });
      await answer.body?.cancel();
    } catch (error) {
      throw new SendFailure(`${where}: ${reason(error)}`);
    }
    if (!answer.ok) throw new SendFailure(`${where}: answers ${answer.status}`);
  }
}

/** What has a meaning in Slack's messages. */
const escaped = (words: string): string =>
  words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
