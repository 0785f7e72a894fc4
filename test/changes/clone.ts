import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { projectRoot } from "../../lib/project";
import { pause } from "../../lib/wait";
import { stack } from "../support/site";
import { scratch } from "./scratch";

/** What git does not keep and a clone is set up with. */
const SET_UP = ["node_modules", "sdks", "portal/dist"];
/** A lock whose holder was killed is gone after so long, s. */
const FREE_SECONDS = 40;

/**
 * The project as a second administrator has it, set up: what there is when it is made, also what is not committed yet. What
 * is edited here afterwards is not there.
 */
export class Clone {
  private constructor(readonly directory: string) {}

  static async make(name: string, root = projectRoot): Promise<Clone> {
    const directory = scratch(name);
    fs.rmSync(directory, { recursive: true, force: true });
    const kept = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    const { stdout } = await execa("git", kept, { cwd: root });
    for (const file of stdout.split("\0").filter((f) => f !== "")) {
      const from = path.join(root, file);
      if (!fs.existsSync(from)) continue;
      fs.mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
      fs.cpSync(from, path.join(directory, file), { verbatimSymlinks: true });
    }
    for (const part of SET_UP) {
      fs.mkdirSync(path.dirname(path.join(directory, part)), { recursive: true });
      fs.symlinkSync(path.join(root, part), path.join(directory, part));
    }
    return new Clone(directory);
  }

  /** Runs `pulumi …` in it, with the config that the stack has now. @returns what it said @throws Error with the same */
  async pulumi(...args: string[]): Promise<string> {
    fs.copyFileSync(stack.configFile, path.join(this.directory, path.basename(stack.configFile)));
    const all = [...args, "--stack", stack.name, "--non-interactive"];
    const child = execa("pulumi", all, {
      cwd: this.directory,
      stdin: "ignore",
      all: true,
      reject: false,
    });
    child.all?.pipe(process.stdout);
    const { failed, all: said = "" } = await child;
    if (failed) throw new Error(said);
    return said;
  }

  up = () => this.pulumi("up", "--yes", "--skip-preview");

  /** After another one's run was killed: as docs/operations.md says. */
  async takeOver(): Promise<void> {
    await this.pulumi("cancel", "--yes");
    for (const end = Date.now() + FREE_SECONDS * 1000; ; await pause(2)) {
      try {
        await this.up();
        return;
      } catch (error) {
        // What had been started then ends a moment after it.
        const taken = /the site is locked/.test((error as Error).message);
        if (!taken || Date.now() > end) throw error;
      }
    }
  }
}
