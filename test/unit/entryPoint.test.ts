import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { load } from "js-yaml";
import { expect, it } from "vitest";
import { projectRoot } from "../../lib/project";

/** Loads the program as Pulumi does, and runs providers as its state keeps them. */
const LOAD = `
  const { main } = require("./package.json");
  const site = require("./" + main);
  const { runtime } = require("@pulumi/pulumi");
  const kept = async (file, name) => {
    const provider = require(file)[name];
    const { text, exportName } = await runtime.serializeFunction(() => provider, { allowSecrets: true });
    const module = { exports: {} };
    new Function("exports", "require", "module", text)(module.exports, require, module);
    return module.exports[exportName]();
  };
  (async () => {
    const container = await kept("./drivers/container/provider.ts", "containerProvider");
    const was = { domain: "a", directory: "/a", running: true, mounts: [] };
    const told = await container.diff("a", was, { ...was, domain: "b" });
    const daemon = await kept("./drivers/container/fenceDaemonProvider.ts", "fenceDaemonProvider");
    console.log(JSON.stringify([typeof site, told.replaces, typeof daemon.create]));
  })();
`;

it("is read by tsx, not by ts-node; what the state keeps of its code runs by itself", async () => {
  const project = load(fs.readFileSync(path.join(projectRoot, "Pulumi.yaml"), "utf8"));
  const { options } = (project as { runtime: { options: Record<string, unknown> } }).runtime;
  expect(options["typescript"]).toBe(false);
  const words = String(options["nodeargs"]).split(" ");
  const { stdout } = await execa("node", [...words, "-e", LOAD], { cwd: projectRoot });
  expect(JSON.parse(stdout)).toEqual(["function", ["domain"], "function"]);
});
