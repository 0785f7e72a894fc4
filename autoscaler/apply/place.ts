import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { startOf } from "../../lib/processes";
import { writeWhole } from "../../lib/wholeFile";

/** What the service asks a runner for. */
const intentSchema = z.strictObject({
  stack: z.string().min(1),
  /** Names of all web nodes that there are to be. */
  pool: z.array(z.string().min(1)).min(1),
  why: z.string(),
  /** An update that takes longer is ended, s. */
  seconds: z.number().positive(),
});
export type Intent = z.infer<typeof intentSchema>;

const runningSchema = z.object({
  pid: z.int(),
  /** The kernel's start of the process: its number may be another's by now. */
  started: z.string(),
  since: z.number(),
  what: z.string(),
});
export type Running = z.infer<typeof runningSchema>;

const resultSchema = z.object({
  at: z.number(),
  ok: z.boolean(),
  pool: z.array(z.string()),
  why: z.string().optional(),
  kind: z.enum(["locked", "outdated", "failed", "timeout"]).optional(),
  sick: z.array(z.string()).optional(),
});

/** The files by which service and runner know of each other; each is whole or not there. */
export class UpdatePlace {
  readonly intent;
  readonly running;
  readonly result;

  constructor(readonly directory: string) {
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.intent = this.file("intent.json", intentSchema);
    this.running = this.file("running.json", runningSchema);
    this.result = this.file("result.json", resultSchema);
  }

  /** What the last runs said. */
  get log(): string {
    return path.join(this.directory, "update.log");
  }

  /** The runner that is at work. */
  alive(): Running | undefined {
    const running = this.running.read();
    return running && startOf(running.pid) === running.started ? running : undefined;
  }

  private file<T>(name: string, schema: z.ZodType<T>) {
    const file = path.join(this.directory, name);
    return {
      read(): T | undefined {
        try {
          return schema.parse(JSON.parse(fs.readFileSync(file, "utf8")));
        } catch {
          // Not there, or of nobody who knows the form.
          return undefined;
        }
      },
      write(value: T): void {
        writeWhole(file, JSON.stringify(value));
      },
      remove(): void {
        fs.rmSync(file, { force: true });
      },
    };
  }
}
