import * as fs from "node:fs";
import * as path from "node:path";
import { createInterface, type Interface } from "node:readline";
import { build } from "esbuild";
import type execa from "execa";
import type { StackOutputs } from "../../cli/stack";
import type { Options, Report } from "./load/protocol";
import { on } from "./site";

/** Longest life of a load, s: it ends by itself when the test that started it does not end it. */
const LONGEST = 400;

/** Load on the web VIP from the machine `client`. Always stopped by its test, also when that fails. */
export class Load {
  private constructor(
    private readonly process: execa.ExecaChildProcess,
    private readonly lines: AsyncIterator<string>,
    private readonly reader: Interface,
  ) {}

  /** Default: 240 requests a second over all services, 20 WebSockets. */
  static async start(
    outputs: StackOutputs,
    change: Partial<Pick<Options, "rate" | "sockets">> = {},
  ): Promise<Load> {
    const made = await build({
      entryPoints: [path.join(__dirname, "load", "main.ts")],
      bundle: true,
      platform: "node",
      target: "node18",
      external: ["bufferutil", "utf-8-validate"],
      write: false,
    });
    const program = made.outputFiles[0]?.text ?? "";
    await on(outputs, "client", "cat > /root/load.js", { input: program });
    const child = on(outputs, "client", "exec node /root/load.js", { timeout: LONGEST * 1000 });
    if (!child.stdout) throw new Error("no output of the load");
    const reader = createInterface(child.stdout);
    const load = new Load(child, reader[Symbol.asyncIterator](), reader);
    const urls = new Map(Object.entries(outputs.urls).map(([name, url]) => [name, new URL(url)]));
    load.say(
      JSON.stringify({
        base: new URL(outputs.urls["auth_frontend"] ?? "").origin,
        ca: fs.readFileSync(outputs.caFile, "utf8"),
        // The login page stands for the service that has no page at its own path.
        paths: [...urls].map(([name, { pathname }]) =>
          name === "auth_portal" ? `${pathname}/login` : pathname,
        ),
        socketPath: `${urls.get("websocket")?.pathname}/echo`,
        rate: 240,
        sockets: 20,
        seconds: LONGEST,
        ...change,
      } satisfies Options),
    );
    return load;
  }

  /** Everything since the last report. */
  report(): Promise<Report> {
    this.say("report");
    return this.next();
  }

  /** The load goes on for some time, and that time's report. */
  async during(seconds: number): Promise<Report> {
    await this.report();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    return this.report();
  }

  /** All WebSockets are closed and opened again with their cookies. */
  reopenSockets(): void {
    this.say("reopen");
  }

  /** Ends the load; the last report. */
  async stop(): Promise<Report> {
    this.process.stdin?.end();
    const report = await this.next();
    await this.process;
    return report;
  }

  /** For the end of a test, whatever happened. */
  kill(): void {
    this.reader.close();
    this.process.kill();
  }

  private say(line: string): void {
    this.process.stdin?.write(`${line}\n`);
  }

  private async next(): Promise<Report> {
    const line = await Promise.race([this.lines.next(), this.process.then(() => undefined)]);
    if (line === undefined || line.done) throw new Error("the load ended before its time");
    return JSON.parse(line.value) as Report;
  }
}
