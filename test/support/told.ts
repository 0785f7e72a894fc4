/** Two people who are told of alerts: one by mail, one by a webhook, both on this machine. */
import { gateway } from "../../plan/addresses";
import { type Expected, isTold, type Message, nameOf, ofMail, ofWebhook } from "./deliveries";
import type { State } from "./deliveries";
import { MailServer } from "./mailServer";
import { Receiver } from "./receiver";
import { baseConfig, configure, eventually, stack } from "./site";

export class ToldPeople {
  private readonly host = gateway(baseConfig()["cidr"] as string);
  private readonly hook = new Receiver(this.host);
  private readonly mail = new MailServer(this.host, { disabledCommands: ["STARTTLS"] });
  private heard = { hook: 0, mail: 0 };

  /** From here on both are told, of a site with so many monitors. */
  async start(monitors: number): Promise<void> {
    await Promise.all([this.hook.start(), this.mail.start()]);
    const mail = {
      ...{ host: this.host, port: this.mail.port, tls: false },
      ...{ from: "monitor@example.org", to: ["admin@example.org"] },
    };
    configure({ members: { monitor: monitors }, monitor: { alerts: { mail } } });
    // In the config file no secret is in the clear.
    const key = "hpc-ha:monitor.alerts.jsonWebhook";
    await stack.start("config", "set", "--secret", "--path", key, this.hook.url);
    await stack.run("up");
  }

  async stop(): Promise<void> {
    this.hook.stop();
    await this.mail.stop();
  }

  /** What was told until now is not looked at any more. */
  forget(): void {
    this.heard = { hook: this.hook.got.length, mail: this.mail.got.length };
  }

  /** What each of them was told since then. */
  told(): Record<"hook" | "mail", Message[]> {
    const { hook, mail } = this.heard;
    return {
      hook: ofWebhook(this.hook.got.slice(hook), this.hook.came.slice(hook)),
      mail: ofMail(this.mail.got.slice(mail), this.mail.came.slice(mail)),
    };
  }

  /** Waits until both have been told of all of it. @param seconds on a machine of normal speed */
  async wait(expected: readonly Expected[], state: State, seconds: number): Promise<void> {
    let lacks: string[] = [];
    await eventually(
      `all told, ${state}`,
      seconds,
      () => {
        lacks = Object.entries(this.told()).flatMap(([who, messages]) =>
          expected
            .filter((one) => !isTold(messages, one, state))
            .map((one) => `${who}: ${nameOf(one)}`),
        );
        return Promise.resolve(lacks.length === 0);
      },
      1,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${lacks.join(", ")}`);
    });
  }
}
