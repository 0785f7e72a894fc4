import { spawn } from "node:child_process";
import * as fs from "node:fs";
import { projectRoot } from "../../lib/project";
import { pause } from "../../lib/wait";
import type { Result, Updates } from "../updates";
import { UpdatePlace } from "./place";

/** The log begins anew beyond this size, bytes. */
const LOG_SIZE = 4_000_000;
/** A runner is there, or has failed, within this time, s. */
const APPEARS = 20;

/**
 * Updates by a runner process of its own session: the death of the service does not end it, and the service that comes
 * next finds it, or what became of it.
 */
export class RunnerUpdates implements Updates {
  private readonly place: UpdatePlace;
  private starting = false;

  /** @param directory of the files by which both know of each other @param program of the runner, below the project */
  constructor(
    private readonly settings: { stack: string; seconds: number; directory: string },
    private readonly program = "autoscaler/apply/runner.ts",
  ) {
    this.place = new UpdatePlace(settings.directory);
  }

  running(): { since: number; what: string } | undefined {
    const alive = this.place.alive();
    return alive && { since: alive.since, what: alive.what };
  }

  async start(pool: string[], why: string): Promise<void> {
    if (this.starting || this.running()) throw new Error("an update runs already");
    this.starting = true;
    try {
      const { stack, seconds } = this.settings;
      this.place.result.remove();
      this.place.intent.write({ stack, pool, why, seconds });
      const size = fs.existsSync(this.place.log) ? fs.statSync(this.place.log).size : 0;
      const log = fs.openSync(this.place.log, size > LOG_SIZE ? "w" : "a", 0o600);
      const child = spawn("node", ["--import", "tsx", this.program, this.place.directory], {
        cwd: projectRoot,
        detached: true,
        stdio: ["ignore", log, log],
      });
      fs.closeSync(log);
      let over = false;
      const ended = () => (over = true);
      child.once("exit", ended).once("error", ended);
      child.unref();
      const end = Date.now() + APPEARS * 1000;
      while (!over && !this.place.alive() && !this.place.result.read() && Date.now() < end) {
        await pause(0.1);
      }
      if (over && !this.place.result.read()) {
        this.place.intent.remove();
        throw new Error(`the runner did not start: ${this.place.log} says why`);
      }
    } finally {
      this.starting = false;
    }
  }

  finished(): Promise<Result | undefined> {
    if (this.starting || this.place.alive()) return Promise.resolve(undefined);
    const intent = this.place.intent.read();
    const result = this.place.result.read();
    this.place.intent.remove();
    this.place.result.remove();
    this.place.running.remove();
    if (result) return Promise.resolve(withoutUndefined(result));
    if (!intent) return Promise.resolve(undefined);
    return Promise.resolve({
      at: Date.now(),
      ok: false,
      pool: intent.pool,
      kind: "failed",
      why: `the update to ${intent.pool.join(", ")} was cut off; the next one goes on from there`,
    });
  }
}

const withoutUndefined = (result: object): Result =>
  Object.fromEntries(
    Object.entries(result).filter(([, value]) => value !== undefined),
  ) as unknown as Result;
