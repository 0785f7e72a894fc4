import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { readProc } from "../../lib/processes";
import { projectRoot } from "../../lib/project";
import { until } from "../../lib/wait";
import { TSX } from "../support/program";

/** Takes a site's lock as a provider does, and goes on talking. */
const PROVIDER = `
const { siteLock } = require("./components/providerProcess");
process.on("uncaughtException", (error) => console.error(error));
siteLock([]);
setInterval(() => console.error("at work"), 100);
console.log(process.pid);`;

it("a provider with the site's lock ends when Pulumi is killed, although nobody reads what it says", async () => {
  const pulumi = spawn("sh", ["-c", `node ${TSX.join(" ")} -e "$0" & wait`, PROVIDER], {
    cwd: projectRoot,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [line] = (await once(createInterface(pulumi.stdout), "line")) as [string];
  const pid = Number(line);
  try {
    pulumi.kill("SIGKILL");
    pulumi.stdout.destroy();
    pulumi.stderr.destroy();
    const ended = () => Promise.resolve(readProc(pid, "stat") === "");
    expect(await until("its end", 10, ended, 0.1)).toBe(true);
  } finally {
    if (readProc(pid, "stat") !== "") process.kill(pid, "SIGKILL");
  }
});
