import { createInterface, type Interface } from "node:readline";
import { build } from "esbuild";
import type execa from "execa";
import type { StackOutputs } from "../../site/stack";
import { ask } from "./site";

/** A TypeScript program that runs on a lab machine: told lines on stdin, answers lines of JSON. */
export class RemoteProgram {
  private constructor(
    private readonly process: execa.ExecaChildProcess,
    private readonly lines: AsyncIterator<string>,
    private readonly reader: Interface,
  ) {}

  /** @param seconds its longest life; it ends when its stdin does, so never outlives its test by much */
  static async start(
    outputs: StackOutputs,
    machine: string,
    source: string,
    seconds: number,
  ): Promise<RemoteProgram> {
    await ask(outputs, machine, "cat > /root/program.js", { input: await bundle(source) });
    const child = ask(outputs, machine, "exec node /root/program.js", { timeout: seconds * 1000 });
    // Its failure is told where its answer is waited for.
    child.catch(() => undefined);
    if (!child.stdout) throw new Error("no output");
    const reader = createInterface(child.stdout);
    return new RemoteProgram(child, reader[Symbol.asyncIterator](), reader);
  }

  say(line: string): void {
    this.process.stdin?.write(`${line}\n`);
  }

  ask(line: string): Promise<unknown> {
    this.say(line);
    return this.next();
  }

  /** Ends its stdin; its last words. */
  async end(): Promise<unknown> {
    this.process.stdin?.end();
    const last = await this.next();
    await this.process;
    return last;
  }

  /** For the end of a test, whatever happened. */
  kill(): void {
    this.reader.close();
    this.process.kill();
  }

  private async next(): Promise<unknown> {
    const line = await Promise.race([this.lines.next(), this.process.then(() => undefined)]);
    if (line === undefined || line.done) throw new Error("the program ended before its time");
    return JSON.parse(line.value);
  }
}

const bundles = new Map<string, Promise<string>>();

/** A program as one file; made once in a process. */
function bundle(source: string): Promise<string> {
  const known = bundles.get(source);
  if (known) return known;
  const made = build({
    entryPoints: [source],
    bundle: true,
    platform: "node",
    target: "node18",
    external: ["bufferutil", "utf-8-validate"],
    write: false,
  }).then(({ outputFiles }) => outputFiles[0]?.text ?? "");
  bundles.set(source, made);
  return made;
}
