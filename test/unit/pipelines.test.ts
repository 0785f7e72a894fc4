import { readFileSync } from "node:fs";
import * as path from "node:path";
import execa from "execa";
import * as yaml from "js-yaml";
import { describe, expect, it } from "vitest";

const root = path.join(__dirname, "..", "..");
const read = (file: string) => readFileSync(path.join(root, file), "utf8");
const GITHUB = ".github/workflows/site.yml";
const GITLAB = ".gitlab-ci.yml";

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

interface Workflow {
  jobs: Record<string, { if?: string; environment?: string; "runs-on": string | string[] }>;
}

describe("`pulumi up`", () => {
  it("runs on main only, behind the environment's approval", () => {
    const { up } = (yaml.load(read(GITHUB)) as Workflow).jobs;
    expect(up).toMatchObject({ if: "github.event_name == 'push'", environment: "production" });
    const gitlab = yaml.load(read(GITLAB)) as { up: { environment: string; rules: object[] } };
    expect(gitlab.up).toMatchObject({ environment: "production" });
    expect(gitlab.up.rules).toEqual([
      { if: expect.stringContaining("CI_DEFAULT_BRANCH") as string, when: "manual" },
    ]);
  });

  it("and what else reaches the site never runs code of a fork", () => {
    const { jobs } = yaml.load(read(GITHUB)) as Workflow;
    const onSite = Object.values(jobs).filter((job) => Array.isArray(job["runs-on"]));
    expect(onSite).toHaveLength(3);
    for (const { if: condition } of onSite) {
      expect(condition).toMatch(/'push'|'schedule'|head\.repo\.full_name == github\.repository/);
    }
  });
});
