import type { AutoscalerConfig } from "../../components/web/autoscaler";
import { Mail } from "./mail";
import type { Sender } from "./sender";
import { Webhook } from "./webhook";

/** All ways that are configured. */
export function sendersOf(
  { alerts: { webhook, mail }, timeZone }: AutoscalerConfig,
  site: string,
): Sender[] {
  const place = { site, timeZone };
  return [
    ...(webhook === undefined ? [] : [new Webhook(webhook, place)]),
    ...(mail === undefined ? [] : [new Mail(mail, place)]),
  ];
}
