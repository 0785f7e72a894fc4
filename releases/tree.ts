import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";

/** What of a directory is no part of a release, at its top: what git keeps for itself changes without the content. */
export const NOT_RELEASED = ".git";

/**
 * Hash over a directory as it arrives on a node: names, kinds, content of files and whether they can be run, targets of
 * symbolic links. Times, owners and the other modes, which depend on who cloned it, are no part of it.
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
      else if (stat.isFile()) add(stat.mode & 0o111 ? "program" : "file", fs.readFileSync(file));
      else if (stat.isDirectory()) {
        add("directory");
        visit(relative);
      } else throw new Error(`${file} is neither a file, a directory nor a symbolic link`);
    }
  };
  visit("");
  return hash.digest("hex");
}
