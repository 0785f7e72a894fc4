import type { Alert } from "../model";

/** What is told at once. */
export interface Batch {
  /** New. */
  firing: Alert[];
  /** Over. */
  resolved: Alert[];
}

/** A way to people. */
export interface Sender {
  /** Under which it is kept what was told this way. */
  readonly name: string;
  /** @throws SendFailure when it is not known to have arrived */
  send(batch: Batch): Promise<void>;
}

/**
 * Why something was not sent, in words that may be logged: addresses of webhooks and passwords are secrets, and libraries
 * have them in the texts and causes of their errors.
 */
export class SendFailure extends Error {}

/** Longest wait for a receiver, s. */
export const SEND_SECONDS = 10;

/** What may be said of somebody else's error: its code, which is no text. */
export const reason = (error: unknown): string => {
  const { code, name, cause } = error as { code?: unknown; name?: unknown; cause?: unknown };
  const word = [(cause as { code?: unknown } | undefined)?.code, code, name].find(
    (w): w is string => typeof w === "string" && /^[A-Za-z_]+$/.test(w),
  );
  return word === "TimeoutError" ? `no answer within ${SEND_SECONDS} s` : (word ?? "unknown error");
};
