import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import { projectRoot } from "../../lib/project";

/**
 * How tests start TypeScript of the project: by tsx's loader of CommonJS, which all of it is. The one for modules beside it, as
 * in `--import tsx`, takes as long to start as many a program takes in all.
 */
export const TSX = ["--require", "tsx/cjs"];

/** A directory for one test file, with commands of its own that are found before the host's. */
export class Commands {
  readonly directory = mkdtempSync(path.join(tmpdir(), "hpc-ha-unit-"));
  private readonly bin = path.join(this.directory, "bin");

  constructor() {
    mkdirSync(this.bin);
  }

  path = (...parts: string[]) => path.join(this.directory, ...parts);

  /** Makes a command of shell text. */
  set(name: string, script: string): void {
    writeFileSync(path.join(this.bin, name), `#!/bin/sh\n${script}`);
    chmodSync(path.join(this.bin, name), 0o755);
  }

  /** Runs a program that Pulumi runs. @param program its file in programs/, and arguments */
  run(program: string, request: unknown, env: NodeJS.ProcessEnv = {}): execa.ExecaChildProcess {
    const [name = "", ...args] = program.split(" ");
    return execa("node", [...TSX, `programs/${name}.ts`, ...args], {
      cwd: projectRoot,
      input: JSON.stringify(request),
      env: { PATH: `${this.bin}:${process.env["PATH"]}`, ...env },
      reject: false,
    });
  }

  remove = () => rmSync(this.directory, { recursive: true });
}
