import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { runInNewContext } from "node:vm";
import execa from "execa";
import * as yaml from "js-yaml";
import { afterAll, describe, expect, it } from "vitest";
import { Commands } from "../support/program";

const root = path.join(__dirname, "..", "..");
const read = (file: string) => readFileSync(path.join(root, file), "utf8");
const GITHUB = ".github/workflows/site.yml";
const GITLAB = ".gitlab-ci.yml";
/** What .ci/site needs. */
const SECRETS = ["PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "SSH_PRIVATE_KEY"];

/** Shell text of all steps of a pipeline. */
const commands = (file: string): string => {
  const found: string[] = [];
  JSON.stringify(yaml.load(read(file)), (key, value: unknown) => {
    if (["run", "script", "before_script"].includes(key)) found.push([value].flat().join("\n"));
    return value;
  });
  return found.join("\n");
};

describe.each([GITHUB, GITLAB])("the pipeline %s", (file) => {
  it("calls only npm scripts that exist", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const called = [...commands(file).matchAll(/npm run ([\w:-]+)/g)].map((m) => m[1] ?? "");
    expect(called).toContain("test:unit");
    for (const name of called) expect(Object.keys(scripts)).toContain(name);
  });

  it("calls only actions that .ci/site has", () => {
    const called = [...commands(file).matchAll(/\.ci\/site (\w+)/g)].map((m) => m[1] ?? "");
    expect(called).toEqual(["preview", "up", "drift"]);
  });
});

describe(".ci/site", () => {
  const dir = new Commands();
  afterAll(dir.remove);
  const key = dir.path("home", "ssh", "id_ed25519");
  // What it calls says how it was called, and whether root's key is there and closed to others.
  dir.set("npm", `echo "npm $*" >&2; mkdir -p "$HPC_HA_HOME"; : >"$HPC_HA_HOME/env.sh"`);
  dir.set("ssh-keygen", `echo "public key of $(cat "$3")"`);
  dir.set(
    "pulumi",
    `echo "pulumi $* $(stat -c %a "${key}") \${SSH_PRIVATE_KEY-no key}"; exit $STATUS`,
  );
  const site = (action: string, env: NodeJS.ProcessEnv = {}) =>
    execa(path.join(root, ".ci/site"), [action], {
      env: {
        PATH: `${dir.path("bin")}:${process.env["PATH"]}`,
        HPC_HA_HOME: dir.path("home"),
        STACK: "prod",
        PULUMI_BACKEND_URL: "s3://state",
        PULUMI_CONFIG_PASSPHRASE: "passphrase",
        SSH_PRIVATE_KEY: "the key",
        STATUS: "0",
        ...env,
      },
      extendEnv: false,
      reject: false,
    });

  it.each([
    ["preview", "preview --stack prod --non-interactive --diff"],
    ["up", "up --stack prod --non-interactive --yes"],
    ["drift", "refresh --stack prod --non-interactive --preview-only --expect-no-changes --diff"],
  ])(
    "%s: sets up, calls `pulumi %s` with root's key, and takes that away",
    async (action, call) => {
      const { stdout, stderr, exitCode } = await site(action);
      expect([stdout, exitCode]).toEqual([`pulumi ${call} 600 no key`, 0]);
      expect(stderr).toContain("npm run setup\nnpm run portal");
      expect(readFileSync(`${key}.pub`, "utf8")).toBe("public key of the key\n");
      expect(existsSync(key)).toBe(false);
    },
  );

  it("fails as `pulumi` does, and takes the key away then too", async () => {
    expect((await site("up", { STATUS: "7" })).exitCode).toBe(7);
    expect(existsSync(key)).toBe(false);
  });

  it.each([
    ["destroy", ""],
    ["up", "STACK"],
    ["up", "SSH_PRIVATE_KEY"],
    ["up", "PULUMI_BACKEND_URL"],
  ])("does nothing for '%s' without '%s'", async (action, without) => {
    const { stdout, exitCode } = await site(action, without === "" ? {} : { [without]: undefined });
    expect(stdout).toBe("");
    expect(exitCode).not.toBe(0);
    expect(existsSync(key)).toBe(false);
  });
});

/** Whether a condition holds; GitHub's and GitLab's operators mean in JavaScript what they mean there. */
const holds = (condition: string, variables: object): boolean =>
  Boolean(runInNewContext(condition, variables));
/** What may start a pipeline. */
const EVENTS = ["own branch's request", "fork's request", "main", "night"] as const;
type Starts = Record<string, string[]>;

describe("GitHub's jobs", () => {
  type Job = {
    if: string;
    env?: object;
    environment?: string;
    permissions?: object;
    "runs-on": string | string[];
    steps: { uses?: string; run?: string }[];
  };
  const { jobs, env, permissions } = yaml.load(read(GITHUB)) as {
    jobs: Record<string, Job>;
    env: object;
    permissions: object;
  };
  const request = (from: string) => ({
    event_name: "pull_request",
    repository: "site/hpc",
    event: { pull_request: { head: { repo: { full_name: from } } } },
  });
  const github = {
    "own branch's request": request("site/hpc"),
    "fork's request": request("stranger/hpc"),
    main: { event_name: "push", repository: "site/hpc" },
    night: { event_name: "schedule", repository: "site/hpc" },
  };

  const starting = (event: (typeof EVENTS)[number]) =>
    Object.keys(jobs).filter((job) => holds(jobs[job]?.if ?? "true", { github: github[event] }));

  it("run when they are to", () => {
    expect(Object.fromEntries(EVENTS.map((event) => [event, starting(event)]))).toEqual({
      "own branch's request": ["check", "comment"],
      "fork's request": ["check"],
      main: ["check", "plan", "up"],
      night: ["drift"],
    } satisfies Starts);
  });

  it("give nothing that opens a machine to what a request brings: no secret, no runner of the site", () => {
    expect(permissions).toEqual({ contents: "read" });
    for (const name of starting("own branch's request")) {
      const job = jobs[name];
      expect([name, job?.["runs-on"], job?.environment]).toEqual([name, "ubuntu-24.04", undefined]);
      expect(JSON.stringify(job)).not.toContain("secrets.");
      // What may write runs nothing of the request.
      const runsIt = job?.steps.some(({ uses = "" }) => uses.startsWith("actions/checkout"));
      expect([name, runsIt, job?.permissions]).toEqual(
        name === "comment" ? [name, false, { "pull-requests": "write" }] : [name, true, undefined],
      );
    }
    expect(commands(GITHUB)).toContain("npm run preview:offline");
  });

  it("have the site's secrets on its own runner only, and change it behind an approval", () => {
    expect(env).toEqual({ STACK: "prod" });
    const onSite = Object.entries(jobs).filter(([, job]) => job.environment !== undefined);
    expect(onSite.map(([name, job]) => [name, job.environment])).toEqual([
      ["plan", "plan"],
      ["up", "production"],
      ["drift", "plan"],
    ]);
    for (const [, job] of onSite) {
      expect(job["runs-on"]).toEqual(["self-hosted", "hpc-site"]);
      expect(Object.entries(job.env ?? {}).sort()).toEqual(
        SECRETS.map((name) => [name, `\${{ secrets.${name} }}`]),
      );
    }
  });
});

describe("GitLab's jobs", () => {
  type Job = { extends?: string; tags?: string[]; environment?: string; rules: Rule[] };
  type Rule = { if: string; when?: string };
  const { variables, stages, ...all } = yaml.load(read(GITLAB)) as Record<string, Job>;
  const jobs = Object.entries(all).filter(([name]) => !name.startsWith("."));
  const gitlab = (source: string, more: object) => ({
    $CI_PIPELINE_SOURCE: source,
    $CI_COMMIT_BRANCH: undefined,
    $CI_DEFAULT_BRANCH: "main",
    $CI_PROJECT_ID: "1",
    $CI_MERGE_REQUEST_SOURCE_PROJECT_ID: undefined,
    ...more,
  });
  const events = {
    "own branch's request": gitlab("merge_request_event", {
      $CI_MERGE_REQUEST_SOURCE_PROJECT_ID: "1",
    }),
    "fork's request": gitlab("merge_request_event", { $CI_MERGE_REQUEST_SOURCE_PROJECT_ID: "2" }),
    main: gitlab("push", { $CI_COMMIT_BRANCH: "main" }),
    night: gitlab("schedule", { $CI_COMMIT_BRANCH: "main" }),
  };

  it("run when they are to, none of a request's on the site's runner, and `up` when somebody says so", () => {
    const starts = Object.fromEntries(
      EVENTS.map((event) => [
        event,
        jobs.flatMap(([name, { rules }]) => {
          const rule = rules.find((r) => holds(r.if, events[event]));
          return rule ? [rule.when === undefined ? name : `${name} (${rule.when})`] : [];
        }),
      ]),
    );
    expect([variables, stages]).toEqual([{ STACK: "prod" }, ["check", "plan", "up"]]);
    expect(starts).toEqual({
      "own branch's request": ["check"],
      "fork's request": ["check"],
      main: ["check", "plan", "up (manual)"],
      night: ["drift"],
    } satisfies Starts);
  });

  it("are one at a time on the site's runner, and change it in the protected environment", () => {
    expect(all[".site"]).toEqual({ tags: ["hpc-site"], resource_group: "site" });
    const onSite = jobs.filter(([, job]) => job.extends === ".site").map(([name]) => name);
    expect(onSite).toEqual(["plan", "up", "drift"]);
    const { check } = all;
    expect([check?.tags, check?.environment, check?.extends]).toEqual(Array(3).fill(undefined));
    expect(JSON.stringify(check)).not.toMatch(/SSH_|PULUMI_|TOKEN/);
    expect(jobs.filter(([, job]) => job.environment).map(([name]) => name)).toEqual(["up"]);
    expect(all["up"]?.environment).toBe("production");
  });
});
