import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import * as path from "node:path";

const modules = path.join(__dirname, "slurm_ha");
const built = path.join(__dirname, "dist", "slurm-ha");

const SIBLING = /^from slurm_ha\.(\w+) import (\([^)]*\)|.*)\n/gm;
const IMPORT = /^(?:import|from) .*\n/gm;
const TOP_LEVEL_NAME = /^(?:class |def |(?=\w+(?:: .*)? = ))(\w+)/gm;

/**
 * Puts the Python package together into one program, so that a machine gets one file that it can run, and that an
 * administrator can read. The modules follow each other in the order in which they need each other; what they import
 * comes first. The same sources give the same bytes: Ansible installs it again only when it is another one.
 * Returns its path.
 * @throws when two modules use one name at the top level: in one file they would be the same thing
 */
export function buildSlurmHa(): string {
  const text = bundle((name) => readFileSync(path.join(modules, `${name}.py`), "utf8"));
  mkdirSync(path.dirname(built), { recursive: true });
  // Two programs may build at once, and one of them copies.
  const partial = `${built}.${process.pid}`;
  writeFileSync(partial, text, { mode: 0o755 });
  renameSync(partial, built);
  return built;
}

/** @param read source of a module by its name */
export function bundle(read: (name: string) => string): string {
  const imports = new Set<string>();
  const owners = new Map<string, string>();
  const bodies: string[] = [];
  const seen = new Set<string>();
  const add = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const source = read(name);
    const siblings = [...source.matchAll(SIBLING)];
    for (const [statement, sibling = ""] of siblings) {
      if (/\sas\s/.test(statement))
        throw new Error(`${name}.py: no "as" in one file: ${statement}`);
      add(sibling);
    }
    const own = source.replace(SIBLING, "");
    for (const [statement] of own.matchAll(IMPORT)) {
      if (statement.includes("slurm_ha")) {
        throw new Error(`${name}.py: use "from slurm_ha.module import name": ${statement}`);
      }
      imports.add(statement);
    }
    const body = own
      .replace(IMPORT, "")
      .replace(/\n{4,}/g, "\n\n\n")
      .trim();
    for (const [, top = ""] of body.matchAll(TOP_LEVEL_NAME)) {
      const other = owners.get(top);
      if (other !== undefined && other !== name) {
        throw new Error(`${top} is in ${other}.py and in ${name}.py`);
      }
      owners.set(top, name);
    }
    bodies.push(body);
  };
  add("__main__");
  return [
    "#!/usr/bin/python3",
    "# Put together from the package slurm-ha of the project; changes made here are lost.",
    `${read("__init__").trim()}\n`,
    [...imports].sort().join(""),
    `${bodies.join("\n\n\n")}\n`,
  ].join("\n");
}

if (require.main === module) console.log(buildSlurmHa());
