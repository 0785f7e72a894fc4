import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import * as yaml from "js-yaml";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { renderInventory } from "../../../components/ansible";
import { hashSources, rolesOf } from "../../../components/ansibleSources";

describe("an inventory", () => {
  it("is groups of hosts with their addresses, and nothing that is secret", () => {
    const host = { name: "web1", address: "192.168.1.21", hostKey: "ssh-ed25519 AAAA" };
    expect(yaml.load(renderInventory([{ group: "web", hosts: [host] }]))).toEqual({
      all: {
        vars: { ansible_user: "root" },
        children: { web: { hosts: { web1: { ansible_host: "192.168.1.21" } } } },
      },
    });
  });
});

describe("a playbook's sources", () => {
  let dir: string;
  const write = (file: string, text: string) => {
    mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
    writeFileSync(path.join(dir, file), text);
  };
  beforeEach(() => {
    dir = mkdtempSync(path.join(tmpdir(), "hpc-ha-unit-"));
    write("site.yml", "[{ hosts: all, roles: [one] }]");
    write("roles/one/meta/main.yml", "dependencies: [{ role: two }]");
    write("roles/two/tasks/main.yml", "[{ include_role: { name: three } }]");
    write("roles/three/files/program", "1");
    write("roles/other/tasks/main.yml", "[]");
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it("are the playbook and all roles that it uses, also through other roles, with all their files", () => {
    const hash = () => hashSources(dir, "site.yml");
    const seen = [hash()];
    write("roles/other/tasks/main.yml", "[{ debug: }]");
    write("other.yml", "[]");
    expect(hash()).toBe(seen[0]);
    const used = {
      "site.yml": "[{ hosts: none, roles: [one] }]",
      "roles/one/handlers/main.yml": "[]",
      "roles/two/templates/x.j2": "x",
      "roles/three/files/program": "2",
    };
    for (const [file, text] of Object.entries(used)) {
      write(file, text);
      expect([file, seen.includes(hash())]).toEqual([file, false]);
      seen.push(hash());
    }
  });

  it("name roles as plays, tasks and dependencies do", () => {
    const text = `
- hosts: all
  roles: [base, { role: entry }]
  tasks:
    - ansible.builtin.include_role: { name: web }
    - block:
        - import_role: { name: vip }
`;
    expect(rolesOf(text)).toEqual(["base", "entry", "web", "vip"]);
    expect(rolesOf("dependencies: [{ role: slurm_config }]")).toEqual(["slurm_config"]);
  });
});
