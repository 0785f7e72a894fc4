import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { machinesOf, type StackOutputs } from "../../cli/stack";
import { hpcHome } from "../../components/site";
import { playbookRequests, runPlaybook } from "../support/playbooks";
import { CommandLines, type Needle, needlesOf, seenIn } from "../support/secrets";
import { baseConfig, baseState, configure, pythonSource, python, stack } from "../support/site";

let outputs: StackOutputs;
let needles: Needle[];
let commandLines: CommandLines | undefined;
beforeAll(async () => {
  outputs = await baseState();
  const { stdout } = await stack.start("stack", "export", "--show-secrets");
  const known = new Set<string>();
  JSON.stringify(baseConfig(), (_, value: unknown) => {
    if (typeof value === "string") known.add(value);
    return value;
  });
  needles = needlesOf(JSON.parse(stdout), known);
});
afterAll(async () => {
  commandLines?.stop();
  await baseState();
});

/** Names of the secrets that a finder's answer has, and where; it must have looked at something. */
function finds(answer: string): string[] {
  const { found, files, bytes } = JSON.parse(answer) as {
    found: [where: string, needle: number][];
    files: number;
    bytes: number;
  };
  expect(files).toBeGreaterThan(0);
  expect(bytes).toBeGreaterThanOrEqual(0);
  return [...new Set(found.map(([where, i]) => `${where}: ${needles[i]?.name}`))];
}
const order = (what: Record<string, unknown>) =>
  JSON.stringify({ needles: needles.map((n) => n.text), since: null, everything: [], ...what });

it("knows every generated secret", () => {
  const names = [...new Set(needles.map((n) => n.name.split(".")[0]))];
  for (const name of ["redis-password", "galera-portal-password", "slurm-munge-key"]) {
    expect(names).toContain(name);
  }
  expect(names).toContain("entry-certificate");
  expect(needles.map((n) => n.text)).toContain(outputs.portalPassword);
  console.log(`    ${names.join(", ")}`);
});

describe("no secret is seen", () => {
  it("in what Pulumi says, and on no command line while everything is configured again", async () => {
    commandLines = new CommandLines(needles);
    const services = baseConfig()["services"] as Record<string, unknown>[];
    const changed = services.map((s, i) => (i > 0 ? s : { ...s, environment: { CHANGED: "yes" } }));
    configure({ services: changed, vrrp: { advertSeconds: 0.31 } });
    const texts = [(await stack.start("up", "--yes", "--skip-preview", "--diff")).all ?? ""];
    expect(texts[0]).toMatch(/web-web1-config-run updated/);
    for (const args of [["output"], ["export"], ["history", "--json"]]) {
      texts.push((await stack.start("stack", ...args)).stdout);
    }
    for (const request of await playbookRequests()) texts.push((await runPlaybook(request)).said);
    commandLines.stop();
    expect(texts.flatMap((text) => seenIn(text, needles))).toEqual([]);
    expect(commandLines.count.size).toBeGreaterThan(100);
    expect([...commandLines.found]).toEqual([]);
  });

  it("on the machines: logs, journals, command lines, units, files that all can read", async () => {
    const request = order({
      roots: ["/"],
      everything: ["/var/log", "/mnt/slurm/logs"],
      // What is older is the image's, which was made before any secret.
      since: "/etc/hpc-ha-image",
      journal: true,
    });
    const results = await Promise.all(
      machinesOf(outputs).map(async ({ name }) =>
        finds(await python(outputs, name, "findSecrets", request)).map((f) => `${name} ${f}`),
      ),
    );
    expect(results.flat()).toEqual([]);
  });

  it("on the machine that runs Pulumi: state, inventory and other files of the site, config", async () => {
    const request = order({
      roots: [path.join(hpcHome(), "sites", stack.prefix)],
      everything: [path.join(hpcHome(), "state"), stack.configFile],
      journal: false,
    });
    const { stdout } = await execa("python3", ["-c", pythonSource("findSecrets")], {
      input: request,
    });
    expect(finds(stdout)).toEqual([]);
  });
});
