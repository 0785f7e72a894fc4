import { WebSocket } from "ws";
import type { Options, SocketHistory } from "./protocol";

/** Time between two messages of one client; an echo that takes longer counts as lost, ms. */
const BEAT = 1000;
/** A closed client connects again after, ms. */
const REOPEN = 200;

/** WebSocket clients that keep their SERVERID cookie as a browser does, and connect again when closed. */
export class Sockets {
  private readonly clients: Client[];

  constructor(options: Options) {
    this.clients = Array.from({ length: options.sockets }, () => new Client(options));
  }

  take = (): SocketHistory[] => this.clients.map((c) => c.history);

  async reopen(): Promise<void> {
    await Promise.all(this.clients.map((c) => c.reopen()));
  }

  stop(): void {
    for (const client of this.clients) client.stop();
  }
}

class Client {
  readonly history: SocketHistory = { nodes: [], closes: [], errors: [], open: false };
  private cookie: string | undefined;
  private socket: WebSocket;
  private stopped = false;
  private wanted: (() => void) | undefined;
  private waiting = false;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly options: Options) {
    this.socket = this.connect();
    this.timer = setInterval(() => this.beat(), BEAT);
  }

  /** Closes it and resolves when it is open again. */
  reopen(): Promise<void> {
    return new Promise((resolve) => {
      this.wanted = resolve;
      this.socket.close(1000);
    });
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
    this.socket.terminate();
  }

  private connect(): WebSocket {
    const { base, socketPath, ca } = this.options;
    const socket = new WebSocket(`${base.replace(/^http/, "ws")}${socketPath}`, {
      ca,
      handshakeTimeout: 5000,
      headers: this.cookie === undefined ? {} : { cookie: this.cookie },
    });
    socket.once("upgrade", (response) => {
      const set = response.headers["set-cookie"]?.find((c) => c.startsWith("SERVERID="));
      if (set !== undefined) this.cookie = set.split(";")[0];
    });
    socket.once("message", (first: Buffer) => {
      this.history.nodes.push((JSON.parse(first.toString()) as { node: string }).node);
      this.history.open = true;
      this.waiting = false;
      this.wanted?.();
      this.wanted = undefined;
      socket.on("message", () => (this.waiting = false));
    });
    socket.on("error", (error) => this.history.errors.push(error.message));
    socket.once("close", (code) => {
      const node = this.history.nodes.at(-1) ?? "";
      if (this.history.open && this.wanted === undefined && !this.stopped) {
        this.history.closes.push({ at: Date.now(), node, code });
      }
      this.history.open = false;
      if (!this.stopped) setTimeout(() => (this.socket = this.connect()), REOPEN);
    });
    return socket;
  }

  private beat(): void {
    if (!this.history.open) return;
    if (this.waiting) this.history.errors.push(`no echo within ${BEAT} ms`);
    this.waiting = true;
    this.socket.send("beat");
  }
}
