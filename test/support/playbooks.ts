import execa from "execa";
import { projectRoot } from "../../toolchain/versions";
import { stack } from "./site";

interface Deployment {
  deployment: {
    resources: { urn: string; inputs?: { stdin?: string | { plaintext?: string } } }[];
  };
}

/** What every Ansible run of the stack was given: request texts with secrets. */
export async function playbookRequests(): Promise<string[]> {
  const { stdout } = await stack.start("stack", "export", "--show-secrets");
  return (JSON.parse(stdout) as Deployment).deployment.resources.flatMap(({ inputs }) => {
    const stdin = inputs?.stdin;
    const text =
      typeof stdin === "object" ? (JSON.parse(stdin.plaintext ?? '""') as string) : stdin;
    return text?.startsWith('{"playbook"') ? [text] : [];
  });
}

/** Runs a playbook again just as `pulumi up` did; tells how many tasks changed something. */
export async function runPlaybook(
  request: string,
  env: NodeJS.ProcessEnv = {},
): Promise<{ playbook: string; changed: number; said: string }> {
  const { playbook } = JSON.parse(request) as { playbook: string };
  const run = await execa("node", ["--import", "tsx", "components/ansibleRunner.ts"], {
    cwd: projectRoot,
    input: request,
    env,
  });
  return { playbook, changed: Number(/changed=(\d+)/.exec(run.stderr)?.[1]), said: run.stderr };
}
