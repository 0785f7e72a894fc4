import execa from "execa";
import { expect, it } from "vitest";
import { projectRoot } from "../../lib/project";

/** Loads the program as Pulumi does, which registers ts-node before, and runs providers as its state keeps them. */
const LOAD = `
  const { register } = require("ts-node");
  let compiled = 0;
  register({ transpileOnly: true });
  const own = require.extensions[".ts"];
  require.extensions[".ts"] = (...args) => (compiled += 1, own(...args));
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
    console.log(JSON.stringify([typeof site, compiled, told.replaces, typeof daemon.create]));
  })();
`;

it("is read by tsx, not by ts-node; what the state keeps of its code runs by itself", async () => {
  const { stdout } = await execa("node", ["-e", LOAD], { cwd: projectRoot });
  expect(JSON.parse(stdout)).toEqual(["function", 0, ["domain"], "function"]);
});
