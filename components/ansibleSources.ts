import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import * as yaml from "js-yaml";

/** Hash over a playbook and all roles that it uses, directly or through other roles. */
export function hashSources(dir: string, playbook: string): string {
  const text = readFileSync(path.join(dir, playbook), "utf8");
  const hash = createHash("sha256").update(text);
  const seen = new Set<string>();
  const queue = rolesOf(text);
  for (let role = queue.shift(); role !== undefined; role = queue.shift()) {
    if (seen.has(role)) continue;
    seen.add(role);
    const root = path.join(dir, "roles", role);
    const files = readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((f) => f.isFile())
      .map((f) => path.join(f.parentPath, f.name))
      .sort();
    for (const file of files) {
      const content = readFileSync(file, "utf8");
      hash.update(path.relative(dir, file)).update(content);
      if (/\/(tasks|handlers|meta)\//.test(file)) queue.push(...rolesOf(content));
    }
  }
  return hash.digest("hex").slice(0, 16);
}

/** Names of the roles that a playbook, task or meta file mentions. */
export function rolesOf(text: string): string[] {
  const roles: string[] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) node.forEach(visit);
    else if (node !== null && typeof node === "object") {
      for (const [key, value] of Object.entries(node)) {
        if (key === "roles" || key === "dependencies") {
          for (const r of value as (string | { role: string })[]) {
            roles.push(typeof r === "string" ? r : r.role);
          }
        } else if (/(^|\.)(include|import)_role$/.test(key)) {
          roles.push((value as { name: string }).name);
        } else visit(value);
      }
    }
  };
  visit(yaml.load(text));
  return roles;
}
