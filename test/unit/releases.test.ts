import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import * as path from "node:path";
import execa from "execa";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { projectRoot } from "../../lib/project";
import { chooseCommit } from "../../releases/git";
import { buildVariables, namedFiles } from "../../releases/hostSettings";
import { makeRelease } from "../../releases/make";
import { artefact, artefacts, type Release, releaseId } from "../../releases/release";
import { resolveReleases } from "../../releases/resolve";
import { treeHash } from "../../releases/tree";
import { commit, git, gitServer, type GitServer } from "../support/gitServer";
import { TSX } from "../support/program";

const directory = fs.mkdtempSync(path.join(tmpdir(), "hpc-ha-releases-"));
const inside = (...parts: string[]) => path.join(directory, ...parts);
const TOKEN = "the-token";
const tokenFile = inside("token");
let server: GitServer;

beforeAll(async () => {
  vi.stubEnv("HPC_HA_HOME", inside("home"));
  fs.writeFileSync(tokenFile, `${TOKEN}\n`);
  server = await gitServer(inside("git"), TOKEN, directory);
});
afterAll(() => {
  server.close();
  vi.unstubAllEnvs();
  fs.rmSync(directory, { recursive: true });
});
afterEach(() => vi.restoreAllMocks());

/** A directory with these files. */
function tree(name: string, files: Record<string, string>): string {
  for (const [file, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(inside(name, file)), { recursive: true });
    fs.writeFileSync(inside(name, file), text);
  }
  return inside(name);
}
const silent = () => undefined;
/** Runs the program, which does not hold up the server that is in this process. */
const make = (release: Release | undefined, env: NodeJS.ProcessEnv = {}) =>
  execa("node", [...TSX, "programs/release.ts"], {
    cwd: projectRoot,
    input: JSON.stringify(release),
    env: { HPC_HA_HOME: inside("home"), GIT_SSL_CAINFO: server.ca, ...env },
    reject: false,
  });
/** The same of what resolves versions. */
const resolve = async (services: unknown, env: NodeJS.ProcessEnv = {}) => {
  const code = `const { resolveReleases } = require("./releases/resolve");
    console.log(JSON.stringify(resolveReleases(JSON.parse(process.argv[1]))));`;
  const { stdout } = await execa("node", [...TSX, "-e", code, JSON.stringify(services)], {
    cwd: projectRoot,
    env: { GIT_SSL_CAINFO: server.ca, ...env },
  });
  return JSON.parse(stdout) as ReturnType<typeof resolveReleases>;
};
/** `tar tv` of a release: mode, owner, name. */
const packed = (id: string) =>
  execFileSync("tar", ["tzvf", artefact(id)], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => line.replace(/^(\S+) (\S+) .*? (\S+( -> \S+)?)$/, "$1 $2 $3"));

describe("the hash of a directory", () => {
  it("tells content, names, programs and links apart, and nothing else", () => {
    const of = treeHash(tree("hash", { "a/b": "one", c: "two" }));
    fs.utimesSync(inside("hash/c"), 1, 1);
    tree("hash", { ".git/index": "whatever" });
    expect(treeHash(inside("hash"))).toBe(of);
    // As in a clone that was made with umask 077.
    fs.chmodSync(inside("hash/c"), 0o600);
    fs.chmodSync(inside("hash/a"), 0o700);
    expect(treeHash(inside("hash"))).toBe(of);

    const different = (change: () => void, back: () => void) => {
      change();
      expect(treeHash(inside("hash"))).not.toBe(of);
      back();
      expect(treeHash(inside("hash"))).toBe(of);
    };
    const file = inside("hash/c");
    different(
      () => fs.chmodSync(file, 0o755),
      () => fs.chmodSync(file, 0o644),
    );
    different(
      () => fs.renameSync(file, `${file}2`),
      () => fs.renameSync(`${file}2`, file),
    );
    different(
      () => fs.symlinkSync("c", inside("hash/link")),
      () => fs.rmSync(inside("hash/link")),
    );
    different(
      () => fs.mkdirSync(inside("hash/empty")),
      () => fs.rmdirSync(inside("hash/empty")),
    );
  });

  it("knows where a link points", () => {
    fs.symlinkSync("a", path.join(tree("links", { x: "" }), "link"));
    const of = treeHash(inside("links"));
    fs.rmSync(inside("links/link"));
    fs.symlinkSync("b", inside("links/link"));
    expect(treeHash(inside("links"))).not.toBe(of);
  });

  it("refuses what cannot arrive", () => {
    execFileSync("mkfifo", [path.join(tree("pipe", { x: "" }), "fifo")]);
    expect(() => treeHash(inside("pipe"))).toThrow(/fifo is neither a file, a directory nor a sym/);
  });
});

describe("the id of a release", () => {
  it("says content and build, wherever it is made", () => {
    const content = "0123456789abcdef0123456789abcdef01234567";
    expect(releaseId(content, undefined)).toMatch(/^0123456789ab-[0-9a-f]{8}$/);
    expect(releaseId(content, "make")).not.toBe(releaseId(content, undefined));
    expect(releaseId(content, "make")).not.toBe(releaseId(content, "make all"));
  });
});

describe("a version", () => {
  it("is a tag before a branch, and what an annotated tag points at", () => {
    const refs = ["1\trefs/heads/v1", "2\trefs/tags/v1", "3\trefs/tags/v1^{}", "4\trefs/heads/v10"];
    expect(chooseCommit(refs.join("\n"), "v1")).toBe("3");
    expect(chooseCommit(refs.slice(0, 2).join("\n"), "v1")).toBe("2");
    expect(chooseCommit(refs.slice(0, 1).join("\n"), "v1")).toBe("1");
    expect(chooseCommit(refs.slice(3).join("\n"), "v1")).toBeUndefined();
  });

  it("becomes the commit that it is at now; a full commit is asked of nobody", async () => {
    const first = commit(inside("git/public/app"), { a: "1" }, "v1");
    const second = commit(inside("git/public/app"), { a: "2" });
    const source = { git: `${server.url}public/app/.git` };
    server.asked.length = 0;
    const { releases, faults } = await resolve([
      { source: { ...source, version: "main" } },
      { source: { ...source, version: "main" }, build: "make" },
      { source: { ...source, version: "v1" } },
      { source: { git: "https://nowhere.invalid/x", version: first } },
    ]);
    expect(faults).toEqual([]);
    const commits = releases.map(({ source: s }) => "commit" in s && s.commit);
    expect(commits).toEqual([second, second, first, first]);
    expect(releases[0]?.id).toBe(releaseId(second, undefined));
    expect(releases[1]?.id).toBe(releaseId(second, "make"));
    expect(releases[3]?.id).toBe(releases[2]?.id);
    // Once for each version, not for each service.
    expect(server.asked.filter((line) => line.startsWith("GET"))).toHaveLength(2);
  });

  it("that is not there is a fault of the config, with all others", async () => {
    commit(inside("git/public/other"), { a: "1" });
    const url = `${server.url}public/other/.git`;
    const { faults } = await resolve([
      { source: { git: url, version: "v9" } },
      { source: { git: `${server.url}public/none`, version: "main" } },
      { source: { path: inside("absent") } },
    ]);
    expect(faults).toEqual([
      `services.0.source.version = "v9": ${url} has no branch or tag of this name; a commit needs its full name`,
      expect.stringMatching(/^services.1.source.version = "main": .*not found/),
      expect.stringMatching(/^services.2.source.path = ".*absent": ENOENT/),
    ]);
  });
});

describe("a private repository", () => {
  const source = () => ({ git: `${server.url}private/app/.git`, tokenFile });

  it("is read with the token of a file, which is said nowhere", async () => {
    const made = commit(inside("git/private/app"), { "run.sh": "#!/bin/sh\n" });
    const { releases, faults } = await resolve([{ source: { ...source(), version: "main" } }]);
    expect(faults).toEqual([]);
    const [release] = releases;
    expect(release?.source).toEqual({ ...source(), commit: made });
    const { stdout, stderr, exitCode } = await make(release);
    expect([exitCode, stdout]).toEqual([0, artefact(release?.id ?? "")]);
    expect(JSON.stringify(release) + stdout + stderr).not.toContain(TOKEN);
    expect(packed(release?.id ?? "")).toEqual([
      "drwxr-x--- root/www-data ./",
      "-rw-r----- root/www-data ./run.sh",
    ]);
  });

  it("is not read without, and nobody is asked for it", async () => {
    const { tokenFile: _, ...open } = source();
    const { faults } = await resolve([{ source: { ...open, version: "main" } }]);
    expect(faults).toEqual([
      expect.stringMatching(/Authentication failed|could not read Username/),
    ]);
  });

  it("gets the user that its URL names", async () => {
    const named = source().git.replace("https://", "https://deploy@");
    server.asked.length = 0;
    const { faults } = await resolve([{ source: { git: named, tokenFile, version: "main" } }]);
    expect(faults).toEqual([]);
    expect(server.asked.at(-1)).toMatch(/ deploy$/);
  });
});

describe("a repository that ssh opens", () => {
  it("is read with the key of a file and no other, from a known host, and nobody is asked", async () => {
    const made = commit(inside("git/private/ssh"), { a: "1" });
    const log = inside("ssh.log");
    // What the server would do with the command that comes last.
    fs.mkdirSync(inside("bin"));
    const script = `#!/bin/sh\nprintf '%s|' "$@" >>${log}; for last; do :; done; exec sh -c "$last"\n`;
    fs.writeFileSync(inside("bin/ssh"), script, { mode: 0o755 });
    const source = {
      git: `git@git.invalid:${inside("git/private/ssh")}`,
      keyFile: "a key's file",
    };
    const env = { PATH: `${inside("bin")}:${process.env["PATH"]}` };
    const { releases, faults } = await resolve([{ source: { ...source, version: "main" } }], env);
    expect(faults).toEqual([]);
    expect(releases[0]?.source).toEqual({ ...source, commit: made });
    expect((await make(releases[0], env)).exitCode).toBe(0);
    const key = path.join(projectRoot, "a key's file");
    for (const call of fs.readFileSync(log, "utf8").trim().split("'|")) {
      if (call === "") continue;
      expect(call).toContain("BatchMode=yes|-o|StrictHostKeyChecking=yes|-o|IdentitiesOnly=yes");
      expect(call).toContain(`|-i|${key}|`);
    }
  });
});

describe("a release", () => {
  const of = (name: string): Release => {
    const { releases } = resolveReleases([{ source: { path: inside(name) } }]);
    return releases[0] as Release;
  };

  it("of a directory arrives as it is: programs, links, empty directories; services can read all of it", async () => {
    tree("whole", { "bin/run": "x", "node_modules/.bin/y": "y" });
    fs.chmodSync(inside("whole/bin/run"), 0o4700);
    fs.chmodSync(inside("whole/node_modules/.bin/y"), 0o600);
    fs.symlinkSync("../bin/run", inside("whole/node_modules/run"));
    fs.symlinkSync("/nowhere", inside("whole/dangling"));
    fs.mkdirSync(inside("whole/empty"), { mode: 0o700 });
    const release = of("whole");
    await makeRelease(release, silent);
    // No set-id bit: nothing in a release runs as another user.
    expect(packed(release.id)).toEqual([
      "drwxr-x--- root/www-data ./",
      "drwxr-x--- root/www-data ./bin/",
      "-rwxr-x--- root/www-data ./bin/run",
      "lrwxr-x--- root/www-data ./dangling -> /nowhere",
      "drwxr-x--- root/www-data ./empty/",
      "drwxr-x--- root/www-data ./node_modules/",
      "drwxr-x--- root/www-data ./node_modules/.bin/",
      "-rw-r----- root/www-data ./node_modules/.bin/y",
      "lrwxr-x--- root/www-data ./node_modules/run -> ../bin/run",
    ]);
  });

  it("is made once, and again under the same name when it was lost", async () => {
    tree("once", { a: "1" });
    const release = of("once");
    const file = await makeRelease(release, silent);
    const { ino } = fs.statSync(file);
    await makeRelease(release, silent);
    expect(fs.statSync(file).ino).toBe(ino);
    fs.rmSync(file);
    expect(await makeRelease(release, silent)).toBe(file);
    expect(packed(release.id)).toHaveLength(2);
  });

  it("is not made of content that has changed since, and leaves nothing behind", async () => {
    tree("changing", { a: "first" });
    const release = of("changing");
    tree("changing", { a: "second" });
    await expect(makeRelease(release, silent)).rejects.toThrow(
      /is not what it was when this change/,
    );
    expect(fs.existsSync(artefact(release.id))).toBe(false);
    expect(fs.readdirSync(artefacts()).filter((n) => n.startsWith("work-"))).toEqual([]);
  });

  it("of a repository has its submodules, and nothing of git", async () => {
    commit(inside("git/public/part"), { p: "1" });
    commit(inside("git/public/whole"), { w: "1" });
    const url = `${server.url}public/part/.git`;
    git(inside("git/public/whole"), "-c", `http.sslCAInfo=${server.ca}`, "submodule", "init");
    fs.writeFileSync(
      inside("git/public/whole/.gitmodules"),
      `[submodule "part"]\n\tpath = part\n\turl = ${url}\n`,
    );
    const part = git(inside("git/public/part"), "rev-parse", "HEAD");
    git(inside("git/public/whole"), "update-index", "--add", "--cacheinfo", `160000,${part},part`);
    git(inside("git/public/whole"), "add", ".gitmodules");
    git(inside("git/public/whole"), "commit", "-qm", "with a part");
    const made = git(inside("git/public/whole"), "rev-parse", "HEAD");
    const release: Release = {
      id: releaseId(made, undefined),
      source: { git: `${server.url}public/whole/.git`, commit: made },
    };
    expect((await make(release)).exitCode).toBe(0);
    expect(packed(release.id).map((line) => line.split(" ")[2])).toEqual([
      "./",
      "./.gitmodules",
      "./part/",
      "./part/p",
      "./w",
    ]);
  });

  it("with a build needs root, and says so before anything is fetched", async () => {
    tree("built", { a: "built" });
    vi.spyOn(process, "getuid").mockReturnValue(1000);
    const said: string[] = [];
    await expect(
      makeRelease({ ...of("built"), build: "make" }, (text) => said.push(text)),
    ).rejects.toThrow(/run `pulumi up` as root/);
  });

  it("is kept as long as it is among the twenty last asked for", async () => {
    const first = await makeRelease(of("once"), silent);
    fs.utimesSync(first, 1, 1);
    for (let i = 0; i < 20; i++) {
      fs.writeFileSync(path.join(artefacts(), `${i}.tar.gz`), "");
    }
    await makeRelease(of("whole"), silent);
    expect(fs.existsSync(first)).toBe(false);
    expect(fs.readdirSync(artefacts()).filter((n) => n.endsWith(".tar.gz"))).toHaveLength(20);
  });
});

describe("a build", () => {
  it("gets this machine's settings of networks and registries, and no secret of it", () => {
    const host = {
      https_proxy: "http://proxy:3128",
      NO_PROXY: "a",
      PIP_INDEX_URL: "https://mirror/simple",
      npm_config_registry: "https://mirror/npm",
      npm_config_cache: "/root/.npm",
      NODE_EXTRA_CA_CERTS: "/etc/own.pem",
      PULUMI_CONFIG_PASSPHRASE: "secret",
      HOME: "/root",
      PATH: "/opt/bin",
    };
    expect(buildVariables(host, "/home/build")).toEqual({
      https_proxy: "http://proxy:3128",
      NO_PROXY: "a",
      PIP_INDEX_URL: "https://mirror/simple",
      npm_config_registry: "https://mirror/npm",
      NODE_EXTRA_CA_CERTS: "/etc/own.pem",
      REQUESTS_CA_BUNDLE: "/etc/ssl/certs/ca-certificates.crt",
      PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      HOME: "/home/build",
      USER: "build",
      LANG: "C.UTF-8",
      TERM: "dumb",
      CI: "true",
    });
  });

  it("finds the files that these settings name", () => {
    const texts = ["cafile = /etc/own.pem\nregistry=https://a/b\n", "[global]\nfind-links = /a\n"];
    const variables = { PIP_FIND_LINKS: "file:///wheels /more", PATH: "/bin", CI: "true" };
    expect(namedFiles(variables, texts)).toEqual(["/wheels", "/more", "/etc/own.pem", "/a"]);
  });
});
