import * as http from "node:http";
import type { AddressInfo } from "node:net";

/** A receiver of webhooks on this machine, which may be down for a while. */
export class Receiver {
  /** What it has taken, the oldest first. */
  readonly got: string[] = [];
  private codes: number[] = [];
  private port = 0;
  private readonly server = http.createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (part: string) => (body += part));
    request.on("end", () => {
      const code = this.codes.shift() ?? 200;
      if (code === 200) this.got.push(body);
      response.writeHead(code).end();
    });
  });

  get url(): string {
    return `http://127.0.0.1:${this.port}/hook`;
  }

  /** Starts it, at the same port each time. @param codes its first answers; then 200 */
  async start(...codes: number[]): Promise<void> {
    this.codes = codes;
    await new Promise<void>((done, fail) => {
      this.server.once("error", fail).listen(this.port, "127.0.0.1", done);
    });
    ({ port: this.port } = this.server.address() as AddressInfo);
  }

  /** Connections to it are refused from now on. */
  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}
