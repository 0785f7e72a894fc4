import execa from "execa";
import { projectRoot } from "../../lib/project";
import type { FaultOptions } from "./load/faultProtocol";
import type { Stack } from "../../cli/stack";
import { disturbed, stack } from "./site";

interface Deployment {
  deployment: {
    resources: { urn: string; inputs?: { stdin?: string | { plaintext?: string } } }[];
  };
}

/** What every Ansible run of a stack was given: request texts with secrets. */
export async function playbookRequests(of: Stack = stack): Promise<string[]> {
  const { stdout } = await of.start("stack", "export", "--show-secrets");
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
  let changed = NaN;
  try {
    const run = await execa("node", ["--import", "tsx", "programs/ansible.ts"], {
      cwd: projectRoot,
      input: request,
      env,
    });
    changed = Number(/changed=(\d+)/.exec(run.stderr)?.[1]);
    return { playbook, changed, said: run.stderr };
  } finally {
    if (changed !== 0) disturbed();
  }
}

/** The variables that a playbook was last run with. */
export async function playbookVars(playbook: string): Promise<Record<string, unknown>> {
  const requests = (await playbookRequests()).map(
    (text) => JSON.parse(text) as { playbook: string; vars: Record<string, unknown> },
  );
  const found = requests.find((r) => r.playbook === playbook);
  if (!found) throw new Error(`no run of ${playbook} in the state`);
  return found.vars;
}

/** Addresses, passwords and CA of the data entries, as a web node has them. */
export async function webSettings(): Promise<Pick<FaultOptions, "environment" | "dataCa">> {
  const vars = await playbookVars("web.yml");
  const [service] = vars["web_services"] as { environment: string }[];
  const file = Buffer.from(service?.environment ?? "", "base64").toString();
  return {
    environment: Object.fromEntries(
      [...file.matchAll(/^(\w+)="((?:\\.|[^"\\])*)"$/gm)].map(([, name = "", value = ""]) => [
        name,
        value.replace(/\\(.)/g, "$1"),
      ]),
    ),
    dataCa: String(vars["web_ca"]),
  };
}
