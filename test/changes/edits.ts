import * as fs from "node:fs";
import * as path from "node:path";
import { projectRoot } from "../../lib/project";

/** Files as they were before the first edit. */
const before = new Map<string, string>();

/** Adds lines to a file of a role, as an administrator does in his clone. @param at after the first line that matches; default: at the end */
export function edit(role: string, file: string, lines: string, at?: RegExp): void {
  const name = path.join(projectRoot, "ansible/roles", role, file);
  const text = before.get(name) ?? fs.readFileSync(name, "utf8");
  before.set(name, text);
  const found = at?.exec(text);
  if (at && !found) throw new Error(`${file} of role ${role} has nothing like ${at}`);
  const cut = found ? found.index + found[0].length : text.length;
  fs.writeFileSync(name, `${text.slice(0, cut)}${lines}\n${text.slice(cut)}`);
}

/** All files are as they were. */
export function takeBackEdits(): void {
  for (const [name, text] of before) fs.writeFileSync(name, text);
  before.clear();
}
