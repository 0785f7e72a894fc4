import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { local } from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import * as yaml from "js-yaml";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { AnsibleRun, renderInventory } from "../../../components/ansible";
import { hashSources, rolesOf } from "../../../components/ansibleSources";
import { base, family, fleet, known, machines } from "../../support/fleet";
import { registered } from "../../support/mocked";
import { find, isSecret, request } from "../../support/referenceSite";

const specs = machines.redis.slice(0, 2);
const recaps: string[] = [];
const make = (after?: () => pulumi.Resource) =>
  registered(async () => {
    const { machines: members } = fleet.driver.set("redis", { specs, gate: never }, {});
    const vars = { redis_port: pulumi.output(6379) };
    const run = new AnsibleRun("run", {
      fleet,
      tier: "redis",
      machines: members,
      vars,
      ...(after && { after: after() }),
    });
    recaps.push(await known(run.recap));
  });
const never = () => new local.Command("unused", {});

describe("an Ansible run", () => {
  it("is one command, made again in place by a change of what it is told", async () => {
    const made = await make();
    expect(family(made.filter((m) => m.name.startsWith("run")))).toEqual([
      "run > run-run command:local:Command",
      "run hpc-ha:ansible:AnsibleRun",
    ]);
    const { inputs, secretOutputs } = find(made, "run-run");
    expect(inputs).toEqual({
      create: "node --import tsx programs/ansible.ts",
      update: "node --import tsx programs/ansible.ts",
      stdin: expect.anything() as unknown,
      logging: "stderr",
      addPreviousOutputInEnv: false,
    });
    expect(isSecret(inputs["stdin"])).toBe(true);
    expect(secretOutputs).toEqual(["stderr"]);
    expect(recaps.at(-1)).toBe("run-run: done");
  });

  it("is of its machines and no others, and again for one that was made anew", async () => {
    const told = request(await make(), "run-run");
    expect(told).toEqual({
      playbook: "redis.yml",
      inventory: expect.any(String) as string,
      vars: { ...base("redis"), redis_port: 6379 },
      knownHosts: "192.168.1.131 ssh-ed25519 redis1\n192.168.1.132 ssh-ed25519 redis2\n",
      sshKeyFile: "/key",
      sources: hashSources("ansible", "redis.yml"),
      incarnations: ["first redis1", "first redis2"],
    });
    expect(yaml.load(String(told["inventory"]))).toEqual({
      all: {
        vars: { ansible_user: "root" },
        children: {
          redis: {
            hosts: {
              redis1: { ansible_host: "192.168.1.131" },
              redis2: { ansible_host: "192.168.1.132" },
            },
          },
        },
      },
    });
  });

  it("comes after the set's gate, which runs the same playbook", async () => {
    expect(find(await make(), "run-run").dependsOn).not.toContain("gate");
    const made = await make(() => new local.Command("gate", {}));
    expect(find(made, "run-run").dependsOn).toContain("gate");
  });
});

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
