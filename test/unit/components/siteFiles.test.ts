import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { local } from "@pulumi/command";
import execa from "execa";
import * as yaml from "js-yaml";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SiteFiles } from "../../../components/siteFiles";
import { family, fleet, known, machines } from "../../support/fleet";
import { registered } from "../../support/mocked";
import { find, plain } from "../../support/referenceSite";

const COMMAND = "command:local:Command";
const gate = () => new local.Command("unused", {});
let home: string;
beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), "hpc-ha-unit-"));
});
afterEach(() => rmSync(home, { recursive: true }));

async function make() {
  const files: string[] = [];
  const made = await registered(async () => {
    const all = [machines.redis, machines.login].flatMap(
      (specs) => fleet.driver.set("any", { specs, gate, relief: gate }, {}).machines,
    );
    const place = { ...fleet.place, home };
    const written = new SiteFiles("files", { place, machines: all, caCertificate: "the CA\n" });
    files.push(
      ...(await Promise.all([written.inventory, written.knownHosts, written.ca].map(known))),
    );
  });
  return { made: made.filter((m) => m.name.startsWith("files")), files };
}

describe("a site's files", () => {
  it("are three, whose paths are known once they are written", async () => {
    const { made, files } = await make();
    expect(family(made)).toEqual([
      `files > files-ca.pem ${COMMAND}`,
      `files > files-inventory.yml ${COMMAND}`,
      `files > files-known_hosts ${COMMAND}`,
      "files hpc-ha:site:SiteFiles",
    ]);
    const directory = path.join(home, "sites", "hpc-ha-prod");
    expect(files).toEqual(
      ["inventory.yml", "known_hosts", "ca.pem"].map((file) => path.join(directory, file)),
    );
  });

  it("name the machines by tier, their host keys, and what the web VIP is verified with", async () => {
    const { made } = await make();
    const content = (file: string) => plain(find(made, `files-${file}`).inputs["stdin"]);
    const hosts = (first: number, ...names: string[]) => ({
      hosts: Object.fromEntries(
        names.map((name, i) => [name, { ansible_host: `192.168.1.${first + i}` }]),
      ),
    });
    expect(yaml.load(content("inventory.yml"))).toEqual({
      all: {
        vars: { ansible_user: "root" },
        children: { redis: hosts(131, "redis1", "redis2", "redis3"), login: hosts(190, "client") },
      },
    });
    expect(content("known_hosts")).toBe(
      "192.168.1.131 ssh-ed25519 redis1\n192.168.1.132 ssh-ed25519 redis2\n" +
        "192.168.1.133 ssh-ed25519 redis3\n192.168.1.190 ssh-ed25519 client\n",
    );
    expect(content("ca.pem")).toBe("the CA\n");
  });

  it("are written, and go, the site's directory with the last of them", async () => {
    const { made, files } = await make();
    const [, ...commands] = made.map(
      (m) => m.inputs as Record<"create" | "update" | "delete", string>,
    );
    for (const { create, update } of commands) {
      expect(update).toBe(create);
      await execa("sh", ["-c", create], { input: "old" });
      await execa("sh", ["-c", update], { input: "new" });
    }
    expect(files.map((file) => readFileSync(file, "utf8"))).toEqual(["new", "new", "new"]);
    // Side by side, as Pulumi does.
    await Promise.all(commands.map((command) => execa("sh", ["-c", command.delete])));
    expect(existsSync(path.dirname(files[0] ?? ""))).toBe(false);
    expect(existsSync(path.join(home, "sites"))).toBe(true);
  });
});
