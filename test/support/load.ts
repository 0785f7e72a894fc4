import * as fs from "node:fs";
import * as path from "node:path";
import type { StackOutputs } from "../../site/stack";
import { pause } from "../../lib/wait";
import type { Options, Report } from "./load/protocol";
import { pace } from "./pace";
import { RemoteProgram } from "./remoteProgram";

/** Longest life of a load, s: it ends by itself when the test that started it does not end it. */
const LONGEST = Math.round(400 * pace());
/** Requests a second, on a machine of normal speed: there a load, and no overload. */
const RATE = 240;
/** A request without an answer for so long has failed, on a machine of normal speed, s. */
const PATIENCE = 10;

/** Load on the web VIP from the machine `client`. Always stopped by its test, also when that fails. */
export class Load {
  private constructor(private readonly program: RemoteProgram) {}

  /** Default: 240 requests a second over all services (fewer on a slower machine), 20 WebSockets. */
  static async start(
    outputs: StackOutputs,
    change: Partial<Pick<Options, "rate" | "sockets">> = {},
  ): Promise<Load> {
    const source = path.join(__dirname, "load", "main.ts");
    const program = await RemoteProgram.start(outputs, "client", source, LONGEST);
    const urls = new Map(Object.entries(outputs.urls).map(([name, url]) => [name, new URL(url)]));
    program.say(
      JSON.stringify({
        base: new URL(outputs.urls["auth_frontend"] ?? "").origin,
        ca: fs.readFileSync(outputs.caFile, "utf8"),
        // The login page stands for the service that has no page at its own path.
        paths: [...urls].map(([name, { pathname }]) =>
          name === "auth_portal" ? `${pathname}/login` : pathname,
        ),
        socketPath: `${urls.get("websocket")?.pathname}/echo`,
        rate: Math.ceil(RATE / pace()),
        patience: Math.round(PATIENCE * pace()),
        sockets: 20,
        seconds: LONGEST,
        ...change,
      } satisfies Options),
    );
    return new Load(program);
  }

  /** Everything since the last report. */
  report = async () => (await this.program.ask("report")) as Report;

  /** The load goes on for some time, and that time's report. */
  async during(seconds: number): Promise<Report> {
    await this.report();
    await pause(seconds);
    return this.report();
  }

  /** All WebSockets are closed and opened again with their cookies. */
  reopenSockets = () => this.program.say("reopen");

  /** Ends the load; the last report. */
  stop = async () => (await this.program.end()) as Report;

  /** For the end of a test, whatever happened. */
  kill = () => this.program.kill();
}
