import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../components/house";
import { environmentFile } from "../../components/web/environment";
import type { ConfigError } from "../../plan/config";

const SERVICE = {
  name: "app",
  port: 5174,
  path: "/app",
  source: { path: "portal/dist" },
  start: "node server.js",
};
const config = (...changes: object[]) =>
  parseConfig({
    webReplicas: "2",
    cidr: "198.18.1.0/24",
    driver: "container",
    services: JSON.stringify(changes.map((change) => ({ ...SERVICE, ...change }))),
  });
const faults = (...changes: object[]): string[] => {
  try {
    config(...changes);
    return [];
  } catch (error) {
    return (error as ConfigError).faults;
  }
};

describe("the health check of a service", () => {
  it("has the limits that suit the sample portal, unless the service says others", () => {
    const [service] = config({}).services;
    expect(service).toMatchObject({ healthStatus: "200", checkSeconds: 0.8, serverSeconds: 60 });
    expect(service).not.toHaveProperty("healthHost");
    const own = { healthHost: "a.example.org", checkSeconds: 3, serverSeconds: 3600 };
    expect(config(own).services).toMatchObject([own]);
  });

  it.each([
    ["204", "204"],
    [204, "204"],
    ["200-399", "200-399"],
    ["200,204,301-302", "200,204,301-302"],
  ])("takes the status %j", (healthStatus, expected) => {
    expect(config({ healthStatus }).services).toMatchObject([{ healthStatus: expected }]);
  });

  it.each([
    [{ healthStatus: "2xx" }, /healthStatus = "2xx": status codes or ranges/],
    [{ healthStatus: "200\n  stats admin" }, /healthStatus = /],
    [{ healthHost: "a b" }, /healthHost = "a b": a host name/],
    [{ healthHost: "a\r\nX: 1" }, /healthHost = /],
    [{ checkSeconds: 0 }, /checkSeconds = 0: /],
    [{ serverSeconds: 1e9 }, /serverSeconds = 1000000000: /],
  ])("refuses %j", (change, message) => {
    expect(faults(change)).toEqual([expect.stringMatching(message)]);
  });
});

describe("the start of a service", () => {
  const unit = readFileSync("ansible/roles/web/templates/hpc-web@.service.j2", "utf8");
  const shell = /^ExecStart=\/bin\/sh -c '(.*)'$/m.exec(unit)?.[1]?.replaceAll("$$", "$") ?? "";
  const start = (START: string) =>
    spawn("/bin/sh", ["-c", shell], { env: { ...process.env, START }, detached: true });
  const said = async (child: ReturnType<typeof start>) => {
    const parts: string[] = [];
    child.stdout.on("data", (part: Buffer) => parts.push(part.toString()));
    const [code] = (await once(child, "close")) as [number | null];
    return [code, parts.join("")];
  };

  it.each([
    ["ASKED=yes printenv ASKED", "yes\n"],
    ["cd / && pwd", "/\n"],
    ["# what for\nif true; then\n  echo 'a  b' \"$((1 + 1))\"\nfi", "a  b 2\n"],
    ["export X=1; exec printenv X", "1\n"],
  ])("is a shell command: %j", async (command, expected) => {
    expect(await said(start(command))).toEqual([0, expected]);
  });

  it.each([
    ["by itself", (program: string) => program],
    ["behind another command", (program: string) => `cd / && A=1 ${program}`],
    ["instead of the shell", (program: string) => `true && exec ${program}`],
    ["in a loop", (program: string) => `while true; do ${program}; done`],
  ])("ends when it has done so in order, asked once: %s", async (_, command) => {
    const program = `let asked = 0;
      process.on("SIGTERM", () => asked++ || setTimeout(() => (console.log("asked", asked), process.exit()), 200));
      console.log("ready"); setInterval(() => {}, 1000);`;
    const child = start(command(`${process.execPath} -e '${program}'`));
    const all = said(child);
    await once(child.stdout, "data");
    // As systemd does, all processes at once.
    process.kill(-(child.pid ?? 0), "SIGTERM");
    expect(await all).toEqual([0, "ready\nasked 1\n"]);
  });
});

describe("a service", () => {
  it("cannot have the name of the directory that all of them share", () => {
    expect(faults({ name: "releases" })).toEqual([
      'services.0.name = "releases": is taken by the releases',
    ]);
  });
});

describe("the source of a service", () => {
  const directory = mkdtempSync(path.join(tmpdir(), "hpc-ha-source-"));
  const file = (name: string, text: string) => {
    writeFileSync(path.join(directory, name), text);
    return path.join(directory, name);
  };
  afterAll(() => rmSync(directory, { recursive: true }));
  const tokenFile = file("token", "abc\n");
  const https = { git: "https://git.example.org/x.git", version: "v1" };
  const ssh = { git: "git@git.example.org:team/x.git", version: "main" };

  it("is a directory, or a repository with what opens it", () => {
    const deploy = { ...https, git: "https://deploy@git.example.org/x" };
    for (const source of [https, ssh, { ...deploy, tokenFile }]) {
      expect(config({ source }).services[0]?.source).toEqual(source);
    }
  });

  it.each([
    [{ git: https.git }, /^services.0.source = .*: must be { path }, or { git, version }/],
    [{ ...https, git: "ext::sh -c id" }, /source.git = "ext::sh -c id": must be https/],
    [{ ...https, git: "--upload-pack=id" }, /source.git = .*: must be https/],
    [{ ...https, version: "--all" }, /source.version = "--all": must be the name of a branch or/],
    [{ ...https, git: "https://a:hidden@b/c" }, /source.git: must hold no password/],
    [{ ...https, tokenFile: "/nonexistent" }, /source.tokenFile = .*: must be a readable file/],
    [{ ...https, tokenFile: file("two", "a\nb\n") }, /tokenFile = .*: must hold the token alone/],
    [{ ...ssh, tokenFile }, /source.tokenFile = .*: is for https only/],
    [{ ...https, keyFile: tokenFile }, /source.keyFile = .*: is for ssh only/],
    [{ ...ssh, keyFile: tokenFile }, /source.keyFile = .*: is no private key/],
    [{ path: "/nonexistent" }, /source.path = "\/nonexistent": must be a readable directory/],
  ])("refuses %j", (source, message) => {
    const found = faults({ source });
    expect(found.join("\n")).toMatch(message);
    expect(found.join()).not.toContain("hidden");
  });
});

describe("the environment of a service", () => {
  it("is written so that systemd reads the same bytes", () => {
    // Tried with systemd 252: what a service gets is what is given here.
    expect(
      environmentFile({
        GREETING: "Grüße 한국",
        LINES: "a\nb\r\n\tc ",
        QUOTES: `"a" 'b' \`c\``,
        HASH: "# {{ x }} %i",
        BACK: "a\\n\\",
        DOLLAR: "$HOME",
      }),
    ).toBe(
      [
        'BACK="a\\\\n\\\\"',
        'DOLLAR="\\$HOME"',
        'GREETING="Grüße 한국"',
        'HASH="# {{ x }} %i"',
        'LINES="a\nb\r\n\tc "',
        `QUOTES="\\"a\\" 'b' \\\`c\\\`"`,
        "",
      ].join("\n"),
    );
  });

  it.each([
    ["a NUL", { A: "secret\0" }, "A: holds a NUL, which no environment can carry"],
    ["half a character", { A: "\ud800" }, "A: is not valid Unicode"],
    ["too much", { A: "x".repeat(131_072) }, "A: must be below 128 KiB"],
    ["what the platform sets", { DB_HOST: "x" }, "DB_HOST: is set by the platform"],
    ["the start command", { START: "x" }, "START: is set by the platform"],
    ["what the shell sets", { PWD: "/" }, "PWD: is the shell's own"],
    ["no name", { "A-B": "x" }, "A-B: must be a name of letters, digits and _"],
    ["a number as a name", { "1A": "x" }, "1A: must be a name of letters, digits and _"],
  ])("cannot carry %s", (_, environment, message) => {
    const found = faults({ environment });
    expect(found).toEqual([expect.stringContaining(`services.0.environment.${message}`)]);
    expect(found.join()).not.toContain("secret");
  });

  it("lists every fault", () => {
    expect(
      faults({ environment: { PORT: "1", "": "x" } }, { port: 5999, path: "/b" }),
    ).toHaveLength(3);
  });
});
