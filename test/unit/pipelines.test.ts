import { readFileSync } from "node:fs";
import * as path from "node:path";
import { runInNewContext } from "node:vm";
import execa from "execa";
import * as yaml from "js-yaml";
import { describe, expect, it } from "vitest";

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

  it("calls only actions that .ci/site has", async () => {
    const called = [...commands(file).matchAll(/\.ci\/site (\w+)/g)].map((m) => m[1] ?? "");
    expect(called).toEqual(["preview", "up", "drift"]);
    // Its last part, with a pulumi that only says how it was called.
    const [, choice = ""] = /^(case \$action in[^]*esac)$/m.exec(read(".ci/site")) ?? [];
    const call = (action: string) =>
      execa("bash", ["-c", `pulumi() { echo "$1"; }; STACK=x; action=$0; ${choice}`, action], {
        reject: false,
      });
    for (const [action, verb] of Object.entries({
      preview: "preview",
      up: "up",
      drift: "refresh",
    })) {
      expect([action, (await call(action)).stdout]).toEqual([action, verb]);
    }
    expect((await call("destroy")).exitCode).toBe(2);
    await execa("bash", ["-n", ".ci/site"], { cwd: root });
  });
});

/** Whether a condition holds; GitHub's and GitLab's operators mean in JavaScript what they mean there. */
const holds = (condition: string, variables: object): boolean =>
  Boolean(runInNewContext(condition, variables));
/** What may start a pipeline. */
const EVENTS = ["own branch's request", "fork's request", "main", "night"] as const;
type Starts = Record<string, string[]>;

describe("GitHub's jobs", () => {
  type Job = { if: string; env?: object; environment?: string; "runs-on": string | string[] };
  const { jobs, env } = yaml.load(read(GITHUB)) as { jobs: Record<string, Job>; env: object };
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

  it("run when they are to, and never a fork's code on the site's runner", () => {
    const starts = Object.fromEntries(
      EVENTS.map((event) => [
        event,
        Object.keys(jobs).filter((job) =>
          holds(jobs[job]?.if ?? "true", { github: github[event] }),
        ),
      ]),
    );
    expect(starts).toEqual({
      "own branch's request": ["check", "preview"],
      "fork's request": ["check"],
      main: ["check", "up"],
      night: ["drift"],
    } satisfies Starts);
  });

  it("have the site's secrets on its own runner only, and change it behind an approval", () => {
    expect(env).toEqual({ STACK: "prod" });
    const { check, up, ...rest } = jobs;
    expect([check?.["runs-on"], check?.env, check?.environment]).toEqual([
      "ubuntu-24.04",
      undefined,
      undefined,
    ]);
    expect([up?.environment, ...Object.values(rest).map((job) => job.environment)]).toEqual([
      "production",
      "preview",
      "preview",
    ]);
    for (const job of [up, ...Object.values(rest)]) {
      expect(job?.["runs-on"]).toEqual(["self-hosted", "hpc-site"]);
      expect(Object.entries(job?.env ?? {}).sort()).toEqual(
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

  it("run when they are to, never a fork's code on the site's runner, and `up` when somebody says so", () => {
    const starts = Object.fromEntries(
      EVENTS.map((event) => [
        event,
        jobs.flatMap(([name, { rules }]) => {
          const rule = rules.find((r) => holds(r.if, events[event]));
          return rule ? [rule.when === undefined ? name : `${name} (${rule.when})`] : [];
        }),
      ]),
    );
    expect([variables, stages]).toEqual([{ STACK: "prod" }, ["check", "preview", "up"]]);
    expect(starts).toEqual({
      "own branch's request": ["check", "preview"],
      "fork's request": ["check"],
      main: ["check", "up (manual)"],
      night: ["drift"],
    } satisfies Starts);
  });

  it("are one at a time on the site's runner, and change it in the protected environment", () => {
    expect(all[".site"]).toEqual({ tags: ["hpc-site"], resource_group: "site" });
    const onSite = jobs.filter(([, job]) => job.extends === ".site").map(([name]) => name);
    expect(onSite).toEqual(["preview", "up", "drift"]);
    expect(jobs.filter(([, job]) => job.environment).map(([name]) => name)).toEqual(["up"]);
    expect(all["up"]?.environment).toBe("production");
  });
});
