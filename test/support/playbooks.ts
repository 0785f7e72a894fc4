import type { ChangeGround } from "../../components/changeRequest";
import { type RunRequest, runPlaybook } from "../../programs/ansible";
import type { FaultOptions } from "./load/faultProtocol";
import type { Stack } from "../../site/stack";
import { disturbed, stack } from "./site";

interface Deployment {
  deployment: {
    resources: {
      urn: string;
      inputs?: { gate?: boolean; request?: string | { plaintext?: string } };
    }[];
  };
}

/** What every Ansible run of a stack was given, with secrets. */
export async function playbookRequests(of: Stack = stack): Promise<RunRequest[]> {
  const { stdout } = await of.start("stack", "export", "--show-secrets");
  return (JSON.parse(stdout) as Deployment).deployment.resources.flatMap(({ inputs }) => {
    const request = inputs?.request;
    if (typeof request !== "object" || inputs?.gate === true) return [];
    const text = JSON.parse(request.plaintext ?? '""') as string;
    const { run } = JSON.parse(text) as Partial<ChangeGround>;
    // Not all that changes machines does it by a playbook.
    return run ? [run] : [];
  });
}

/** Runs a playbook again just as `pulumi up` did; tells how many tasks changed something. */
export async function runAgain(
  request: RunRequest,
): Promise<{ playbook: string; changed: string[]; said: string }> {
  const said: string[] = [];
  const { hosts, failure } = await runPlaybook(request, { say: (line) => said.push(line) });
  const changed = [...hosts].flatMap(([host, h]) => h.changed.map((task) => `${host}: ${task}`));
  const all = [...changed, ...failure];
  if (all.length > 0) disturbed();
  return { playbook: request.playbook, changed: all, said: said.join("\n") };
}

/** The variables that a playbook was last run with. */
export async function playbookVars(playbook: string): Promise<Record<string, unknown>> {
  const found = (await playbookRequests()).find((r) => r.playbook === playbook);
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
