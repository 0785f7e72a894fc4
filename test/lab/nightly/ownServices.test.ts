import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StackOutputs } from "../../../site/stack";
import { projectRoot } from "../../../lib/project";
import { commit, gitServer, type GitServer } from "../../support/gitServer";
import {
  ask,
  baseConfig,
  baseState,
  configure,
  eventually,
  parsed,
  stack,
} from "../../support/site";

const FIXTURES = path.join(projectRoot, "test/fixtures/services");
const GREETING = "Grüße 한국 {{ 7 * 7 }}\n\"quoted\" 'too' \\ $HOME `id` # 100 %";
const HOST = "portal.example.org";
const directory = fs.mkdtempSync(path.join(tmpdir(), "hpc-ha-own-"));
const repository = (name: string) => path.join(directory, "git", name);
const tokenFile = path.join(directory, "token");
let server: GitServer;
let outputs: StackOutputs;

beforeAll(async () => {
  outputs = await baseState();
  fs.writeFileSync(tokenFile, "the-token\n");
  for (const [name, access] of [
    ["python", "private"],
    ["node", "public"],
  ] as const) {
    fs.cpSync(path.join(FIXTURES, name), repository(`${access}/${name}`), { recursive: true });
    commit(repository(`${access}/${name}`), {}, "v1");
  }
  server = await gitServer(path.join(directory, "git"), "the-token", directory);
  process.env["GIT_SSL_CAINFO"] = server.ca;
});
afterAll(async () => {
  delete process.env["GIT_SSL_CAINFO"];
  server.close();
  fs.rmSync(directory, { recursive: true });
  await baseState();
});

const SAMPLE = parsed(baseConfig()).services[0];
const python = (changes: object = {}) => ({
  name: "python",
  port: 6001,
  path: "/python",
  healthPath: "/python/health",
  healthHost: HOST,
  healthStatus: "204",
  source: { git: `${server.url}private/python/.git`, version: "v1", tokenFile },
  build: "python3 -m venv .venv && . .venv/bin/activate && pip install -r requirements.txt",
  start: ". .venv/bin/activate && gunicorn --bind 0.0.0.0:$PORT app:app",
  environment: { GREETING, ONLY_HOST: HOST },
  ...changes,
});
const node = (changes: object = {}) => ({
  name: "node",
  port: 6002,
  path: "/node",
  healthPath: "/node/health",
  source: { git: `${server.url}public/node/.git`, version: "main" },
  build: "npm ci && npm run build",
  start: "NODE_ENV=production node server.js",
  ...changes,
});
async function deploy(services: object[], changes: Record<string, unknown> = {}): Promise<void> {
  configure({ services: [SAMPLE, ...services], ...changes });
  await stack.run("up");
  outputs = await stack.outputs();
}
/** Through the web VIP, as users reach it. */
const get = async (url: string) =>
  (await ask(outputs, "client", `curl -sSk --max-time 10 https://${outputs.vips.web}${url}`))
    .stdout;
const onNode = async (machine: string, command: string) =>
  (await ask(outputs, machine, command)).stdout;
/** Which releases a node has. */
const releases = async (machine: string) =>
  (await onNode(machine, "ls -A /opt/hpc-dashboard/releases")).split("\n").sort();

describe("services of one's own", () => {
  it("are built once from git, and serve from each node with just the settings that they were given", async () => {
    await deploy([python(), node()]);
    await eventually(
      "both serve",
      60,
      async () =>
        (await get("/node")).includes("production") && (await get("/python")).includes("greeting"),
    );
    expect(JSON.parse(await get("/python"))).toMatchObject({ greeting: GREETING });
    expect(await get("/node/main.js")).toContain("built once");
    expect(await releases("web1")).toHaveLength(3);
    expect(await releases("web2")).toEqual(await releases("web1"));
    const found = await onNode(
      "web1",
      "grep -rls the-token /opt/hpc-dashboard /etc/systemd || true; ls -d /opt/hpc-dashboard/releases/*/.git || true",
    );
    expect(found).toBe("");
  });

  it("come to a new node without a build, and without the git server", async () => {
    const commits = configureAtCommit();
    await deploy(commits);
    server.asked.length = 0;
    await deploy(commits, { webReplicas: "3" });
    expect(server.asked).toEqual([]);
    expect(await releases("web3")).toEqual(await releases("web1"));
  });

  it("follow their branch on all nodes at the next `pulumi up`", async () => {
    commit(repository("public/node"), {
      "front/title.ts": 'export const title = () => "second";\n',
    });
    await deploy([python(), node()]);
    expect(await get("/node/main.js")).toContain("second");
    expect(await releases("web2")).toEqual(await releases("web1"));
  });

  it("that fail to build leave the nodes as they are, and say why", async () => {
    const before = await releases("web1");
    configure({
      services: [SAMPLE, python(), node({ build: "echo the last words && false" })],
    });
    const said = await stack.start("up", "--yes", "--skip-preview").then(
      () => "",
      (error: { all: string }) => error.all,
    );
    expect(said).toContain("the last words");
    expect(await releases("web1")).toEqual(before);
    expect(await get("/node/main.js")).toContain("second");
  });

  it("that are renamed leave nothing of the old one", async () => {
    await deploy([python(), node({ name: "renamed" })]);
    const units = "systemctl list-units --plain --no-legend 'hpc-web@*' | cut -d' ' -f1";
    expect((await onNode("web1", units)).split("\n").sort()).toEqual(
      [SAMPLE?.name, "python", "renamed"].map((name) => `hpc-web@${name}.service`).sort(),
    );
    expect(await onNode("web1", "ls /opt/hpc-dashboard")).not.toMatch(/^node$/m);
  });
});

/** The same services at commits: nobody need be asked what these are. */
function configureAtCommit(): object[] {
  const at = (name: string) => commit(repository(name), { note: "fixed" });
  return [
    python({ source: { ...python().source, version: at("private/python") } }),
    node({ source: { ...node().source, version: at("public/node") } }),
  ];
}
