import execa from "execa";
import { beforeAll, expect, it } from "vitest";
import { projectRoot } from "../../toolchain/versions";
import { baseState, stack } from "../support/site";

interface Deployment {
  deployment: {
    resources: { urn: string; inputs?: { stdin?: string | { plaintext?: string } } }[];
  };
}

beforeAll(baseState);

it("a second `pulumi up` changes nothing, and neither does a refresh", async () => {
  await stack.run("up", "--expect-no-changes");
  await stack.run("refresh", "--expect-no-changes");
});

it("every playbook run again changes nothing", async () => {
  const { stdout } = await stack.start("stack", "export", "--show-secrets");
  const requests = (JSON.parse(stdout) as Deployment).deployment.resources.flatMap(({ inputs }) => {
    const stdin = inputs?.stdin;
    const text =
      typeof stdin === "object" ? (JSON.parse(stdin.plaintext ?? '""') as string) : stdin;
    return text?.startsWith('{"playbook"') ? [text] : [];
  });
  const runs = requests.map(async (input) => {
    const { playbook } = JSON.parse(input) as { playbook: string };
    const run = await execa("node", ["--import", "tsx", "components/ansibleRunner.ts"], {
      cwd: projectRoot,
      input,
    });
    return { playbook, changed: /changed=(\d+)/.exec(run.stderr)?.[1], said: run.stderr };
  });
  const results = await Promise.all(runs);
  expect(results.map((r) => r.playbook).sort()).toEqual([
    "galera.yml",
    "haproxy.yml",
    "redis.yml",
    "slurm-controllers.yml",
    "slurm-nodes.yml",
    "web.yml",
    "web.yml",
  ]);
  expect(results.filter((r) => r.changed !== "0")).toEqual([]);
});
