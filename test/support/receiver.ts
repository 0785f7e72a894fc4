import * as http from "node:http";
import type { AddressInfo } from "node:net";

/** A receiver of webhooks on this machine, which may be down for a while. */
export class Receiver {
  /** What it has taken, the oldest first. */
  readonly got: string[] = [];
  /** When each of it came, ms since 1970. */
  readonly came: number[] = [];
  private codes: number[] = [];
  private port = 0;
  private readonly server = http.createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => (body += part));
    request.on("end", () => {
      const code = this.codes.shift() ?? 200;
      if (code === 200) {
        this.got.push(body);
        this.came.push(Date.now());
      }
      response.writeHead(code).end();
    });
  });

  /** @param address that it listens on. Default: who is on this machine only */
  constructor(private readonly address = "127.0.0.1") {}

  get url(): string {
    return `http://${this.address}:${this.port}/hook`;
  }

  /** Starts it, at the same port each time. @param codes its first answers; then 200 */
  async start(...codes: number[]): Promise<void> {
    this.codes = codes;
    await new Promise<void>((done, fail) => {
      this.server.once("error", fail).listen(this.port, this.address, done);
    });
    ({ port: this.port } = this.server.address() as AddressInfo);
  }

  /** Connections to it are refused from now on. */
  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
