import type { ServerResponse } from "node:http";
import { BEAT, EVENTS } from "./wire";

/** Most pages that are open at the same time. */
const MOST_STREAMS = 200;
/** A browser whose connection broke comes back after this time, ms. */
const RETRY = 2000;
/** What a page that does not read may leave unread before it is given up, bytes. */
const MOST_UNREAD = 1024 * 1024;

interface Stream {
  response: ServerResponse;
  /** Whether who opened it may still look. */
  allowed: () => boolean;
}

/** Server-sent events to all pages that are open. */
export class Events {
  private readonly streams = new Set<Stream>();
  private readonly beat: NodeJS.Timeout;

  /** @param beat how often it tells that it is there, ms */
  constructor(beat = BEAT) {
    this.beat = setInterval(() => this.tell(EVENTS.beat, String(Date.now())), beat);
    this.beat.unref();
  }

  /** How many there are. */
  get size(): number {
    return this.streams.size;
  }

  get full(): boolean {
    return this.size >= MOST_STREAMS;
  }

  /** Opens a stream with its first event. @param allowed asked before each further one */
  open(
    response: ServerResponse,
    headers: Record<string, string>,
    first: string,
    allowed: () => boolean,
  ) {
    const stream = { response, allowed };
    response.writeHead(200, {
      ...headers,
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
    });
    response.write(`retry: ${RETRY}\n\n${event(EVENTS.snapshot, first)}`);
    this.streams.add(stream);
    response.on("close", () => this.streams.delete(stream));
  }

  /** @param data one line */
  tell(name: string, data: string): void {
    for (const stream of this.streams) {
      if (!stream.allowed() || stream.response.writableLength > MOST_UNREAD) this.end(stream);
      else stream.response.write(event(name, data));
    }
  }

  /** What is open is closed by the server itself. */
  close(): void {
    clearInterval(this.beat);
  }

  private end(stream: Stream): void {
    this.streams.delete(stream);
    stream.response.destroy();
  }
}

const event = (name: string, data: string) => `event: ${name}\ndata: ${data}\n\n`;
