import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

/** What of a directory is no part of a release, at its top: what git keeps for itself changes without the content. */
export const NOT_RELEASED = ".git";

/**
 * Hash over a directory as it arrives on a node: names, kinds, modes, content of files, targets of symbolic links. Times
 * and owners are no part of it.
 * @throws when something in it is neither file, directory nor link, or cannot be read
 */
export function treeHash(root: string): string {
  const hash = createHash("sha256");
  const visit = (directory: string): void => {
    const entries = fs.readdirSync(path.join(root, directory), { withFileTypes: true });
    for (const { name } of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (directory === "" && name === NOT_RELEASED) continue;
      const relative = path.join(directory, name);
      const file = path.join(root, relative);
      const stat = fs.lstatSync(file);
      const add = (kind: string, content: string | Buffer = "") =>
        hash.update(`${kind}\0${relative}\0${content.length}\0`).update(content);
      if (stat.isSymbolicLink()) add("link", fs.readlinkSync(file));
      else if (stat.isFile()) add(mode(stat), fs.readFileSync(file));
      else if (stat.isDirectory()) {
        add(`${mode(stat)}/`);
        visit(relative);
      } else throw new Error(`${file} is neither a file, a directory nor a symbolic link`);
    }
  };
  visit("");
  return hash.digest("hex");
}

/** The part of it that arrives: no set-id bits. */
const mode = (stat: fs.Stats): string => (stat.mode & 0o777).toString(8);
