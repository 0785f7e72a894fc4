/** A real SMTP server, and what it got as another program reads it. */
import { execFileSync } from "node:child_process";
import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

/** A mail as Python's parser reads it. */
export interface ReadMail {
  subject: string;
  text: string;
  to: string;
  from: string;
}

const READ = `import sys, json, email, email.policy
m = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.default)
print(json.dumps({"subject": m["subject"].strip(), "to": m["to"], "from": m["from"], "text": m.get_body(("plain",)).get_content()}))`;

export const readMail = (raw: Buffer): ReadMail =>
  JSON.parse(execFileSync("python3", ["-c", READ], { input: raw }).toString()) as ReadMail;

/** A mail server that takes everything, and may be away for a while. */
export class MailServer {
  /** What it has taken, the oldest first. */
  readonly got: ReadMail[] = [];
  /** When each of it came, ms since 1970. */
  readonly came: number[] = [];
  port = 0;
  private server: SMTPServer | undefined;

  /** @param address that it listens on */
  constructor(
    private readonly address: string,
    private readonly options: SMTPServerOptions = {},
  ) {}

  /** Starts it, at the same port each time. */
  async start(): Promise<void> {
    const server = new SMTPServer({
      authOptional: true,
      onData: (stream, _session, done) => {
        const parts: Buffer[] = [];
        stream.on("data", (part: Buffer) => parts.push(part));
        stream.on("end", () => {
          this.got.push(readMail(Buffer.concat(parts)));
          this.came.push(Date.now());
          done();
        });
      },
      ...this.options,
    });
    // One that goes away in the middle is no fault of this one's.
    server.on("error", () => {});
    await new Promise<void>((done) => server.listen(this.port, this.address, done));
    ({ port: this.port } = server.server.address() as AddressInfo);
    this.server = server;
  }

  /** Connections to it are refused from now on. */
  stop(): Promise<void> {
    const { server } = this;
    return new Promise((done) => (server ? server.close(() => done()) : done()));
  }
}
