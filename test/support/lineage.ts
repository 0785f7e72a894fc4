/** Which resource of an earlier release a present one is taken for. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { projectRoot } from "../../lib/project";
import type { Registration } from "./mocked";

/** What a URN says besides stack and project: `type$type::name`. */
type Identity = string;

/** Everything that release 0.1 made for the config of this name. */
export const of01 = (stack: "lab" | "prod"): Identity[] =>
  readFileSync(path.join(projectRoot, "test/unit/fixtures/release-0.1", `${stack}.txt`), "utf8")
    .trim()
    .split("\n");

export interface Lineage {
  now: Identity;
  before: Identity[];
}

const under = (parent: Identity, type: string, name: string): Identity =>
  parent === "" ? `${type}::${name}` : `${parent.split("::")[0]}$${type}::${name}`;

/**
 * Each resource with what it is now, and what Pulumi's engine takes it for besides: its own aliases, and for each alias
 * of its parent what a child of that would be called, with the part of its name that it has from the parent exchanged.
 */
export function lineage(made: Registration[]): Lineage[] {
  const known = new Map<string, Lineage>();
  const of = (resource: Registration): Lineage => {
    const found = known.get(resource.name + resource.type);
    if (found) return found;
    const parent = made.find((m) => m.name === resource.parent && !m.custom);
    const above = parent && of(parent);
    const own = resource.aliases.map((alias) => {
      const [name = "", type = "", ...rest] = alias.split("::").reverse();
      // Of a parent's URN: name, types, project, stack.
      return { type, name, parent: rest.length > 0 ? `${rest[1]}::${rest[0]}` : "" };
    });
    const inherited = (above?.before ?? []).flatMap((alias) => {
      const formerly = alias.split("::")[1] ?? "";
      return [resource, ...own].map(({ type, name }) => {
        const follows = parent && name.startsWith(parent.name);
        return under(alias, type, follows ? formerly + name.slice(parent.name.length) : name);
      });
    });
    const result = {
      now: under(above?.now ?? "", resource.type, resource.name),
      before: [...own.map((a) => under(a.parent, a.type, a.name)), ...inherited],
    };
    known.set(resource.name + resource.type, result);
    return result;
  };
  return made.map(of);
}

/** What of these a stack would delete, and what it would make besides. */
export function changeFrom(old: Identity[], made: Registration[]) {
  const all = lineage(made);
  const kept = new Set(all.flatMap(({ now, before }) => [now, ...before]));
  return {
    lost: old.filter((identity) => !kept.has(identity)),
    added: all
      .filter(({ now, before }) => ![now, ...before].some((identity) => old.includes(identity)))
      .map(({ now }) => now.split("::")[1]),
  };
}
