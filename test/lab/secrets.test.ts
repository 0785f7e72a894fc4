import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StackOutputs } from "../../site/stack";
import { hpcHome } from "../../lib/home";
import { machinesOf } from "../../plan/outputs";
import { playbookRequests, playbookVars, runAgain } from "../support/playbooks";
import { CommandLines, type Needle, needlesOf, seenIn } from "../support/secrets";
import {
  baseConfig,
  baseState,
  configure,
  parsed,
  pythonSource,
  python,
  stack,
} from "../support/site";

let outputs: StackOutputs;
let needles: Needle[];
let commandLines: CommandLines | undefined;
beforeAll(async () => {
  outputs = await baseState();
  const { stdout } = await stack.start("stack", "export", "--show-secrets");
  const known = new Set<string>();
  // With its defaults: what the program fills in is no secret either.
  JSON.stringify(parsed(baseConfig()), (_, value: unknown) => {
    if (typeof value === "string") known.add(value);
    return value;
  });
  // Lines of slurm.conf, which everybody may read; its defaults are not in the config.
  const { slurm_options: lines } = await playbookVars("controllers.yml");
  for (const line of Object.values(lines as Record<string, string>)) known.add(line);
  needles = needlesOf(JSON.parse(stdout), known);
});
afterAll(async () => {
  commandLines?.stop();
  await baseState();
});

/** Names of the secrets that a finder's answer has, and where; it must have looked at all that it was to. */
function finds(answer: string, journal: boolean): string[] {
  const { found, files, bytes } = JSON.parse(answer) as {
    found: [where: string, needle: number][];
    files: number;
    bytes: number;
  };
  expect(files).toBeGreaterThan(0);
  // The journal and the properties of units.
  expect(bytes > 0).toBe(journal);
  return [...new Set(found.map(([where, i]) => `${where}: ${needles[i]?.name}`))];
}
const order = (what: Record<string, unknown>) =>
  JSON.stringify({ needles: needles.map((n) => n.text), since: null, everything: [], ...what });

it("knows every secret that a playbook is given", async () => {
  const texts = new Set(needles.map((n) => n.text));
  const given = new Map<string, string>();
  for (const request of await playbookRequests()) {
    JSON.stringify(request, (key, value: unknown) => {
      const secret = /password|munge_key|fence_key/i.test(key) && typeof value === "string";
      if (secret) given.set(key, value);
      return value;
    });
  }
  given.set("portalPassword", outputs.portalPassword);
  expect(given.size).toBeGreaterThan(6);
  expect([...given].filter(([, value]) => !texts.has(value)).map(([key]) => key)).toEqual([]);
  // Lines of a private key on an elliptic curve begin so.
  expect([...texts].some((t) => t.startsWith("MIG"))).toBe(true);
});

describe("no secret is seen", () => {
  it("in what Pulumi says, and on no command line while everything is configured again", async () => {
    commandLines = new CommandLines(needles);
    const { services } = parsed(baseConfig());
    const changed = services.map((s, i) => (i > 0 ? s : { ...s, environment: { CHANGED: "yes" } }));
    configure({ services: changed });
    const up = (await stack.start("up", "--yes", "--skip-preview", "--diff")).all ?? "";
    expect(up).toMatch(/::web-config\]/);
    const texts = [up];
    for (const args of [["output"], ["export"], ["history", "--json"]]) {
      texts.push((await stack.start("stack", ...args)).stdout);
    }
    // Without Mitogen: it hides what Ansible itself puts on command lines.
    delete process.env["HPC_HA_MITOGEN"];
    const runs = (await playbookRequests()).map(runAgain);
    texts.push(...(await Promise.all(runs)).map((r) => r.said));
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
        finds(await python(outputs, name, "findSecrets", request), true).map((f) => `${name} ${f}`),
      ),
    );
    expect(results.flat()).toEqual([]);
  });

  it("on the machine that runs Pulumi: state, config, inventory and other files of the site", async () => {
    const site = path.join(hpcHome(), "sites", stack.prefix);
    const inside = fs.readdirSync(site).flatMap((entry) => [entry, `${entry}/domain.xml`]);
    const files = inside
      .map((f) => path.join(site, f))
      .filter((f) => fs.existsSync(f) && fs.statSync(f).isFile());
    expect(files.length).toBeGreaterThan(10);
    const request = order({
      roots: [],
      everything: [path.join(hpcHome(), "state"), stack.configFile, ...files],
      journal: false,
    });
    const { stdout } = await execa("python3", ["-c", pythonSource("findSecrets")], {
      input: request,
    });
    expect(finds(stdout, false)).toEqual([]);
  });
});
