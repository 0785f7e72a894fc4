/** Ctrl-C, as Pulumi tells its providers of it. */
import type { Http2Server, IncomingHttpHeaders } from "node:http2";

/** What Pulumi asks each provider when it is interrupted, before it waits for what is at work; and at the end of a run. */
const CANCEL = "/pulumirpc.ResourceProvider/Cancel";
/** Written to the fourth file of a program (runProgram). */
export const INTERRUPTED = "interrupted\n";

let told: AbortSignal | undefined;

/**
 * Aborted when Pulumi is interrupted: what is at work is to be whole again, and nothing more is begun. Not by a signal:
 * providers are in process groups of their own, where a terminal's does not come. Pulumi's SDK answers the question
 * without a word to a dynamic provider, so this listens to the server that the process has.
 */
export function interrupted(): AbortSignal {
  if (told) return told;
  const abort = new AbortController();
  // Where a coming Node.js has no such function, an interrupt lets the tier at work end.
  const { _getActiveHandles: handles } = process as unknown as {
    _getActiveHandles?: () => unknown[];
  };
  for (const server of (handles?.call(process) ?? []) as Partial<Http2Server>[]) {
    server.on?.("stream", (_stream: unknown, headers: IncomingHttpHeaders) => {
      if (headers[":path"] === CANCEL) abort.abort(new Error("interrupted"));
    });
  }
  return (told = abort.signal);
}
