/** Looks at what the record of the base state is about, and keeps the record: a file, since every test file is a process. */
import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import type { Stack } from "../../site/stack";
import { lockDirectory, PROJECT, stateDirectory } from "../../site/stack/backend";
import { hpcHome } from "../../lib/home";
import { readProc } from "../../lib/processes";
import { domainsIn, hashOf, resourcesIn, type Sight, startOf, type Witness } from "./baseRecord";

/** The record of the base state of a stack. */
export class BaseRecord {
  private readonly file: string;

  constructor(private readonly stack: Stack) {
    this.file = path.join(hpcHome(), "sites", `${stack.prefix}.base.json`);
  }

  /** What was seen when the base state was reached; undefined when it was left, or never there. */
  kept(): Witness | undefined {
    try {
      return JSON.parse(fs.readFileSync(this.file, "utf8")) as Witness;
    } catch {
      return undefined;
    }
  }

  /** The base state was just reached; kept only when all of it can be seen. */
  keep({ config, resources, machines }: Sight): void {
    if (config === undefined || resources === undefined || machines === undefined) {
      this.drop();
      return;
    }
    fs.mkdirSync(path.dirname(this.file), { recursive: true });
    fs.writeFileSync(this.file, JSON.stringify({ config, resources, machines } satisfies Witness));
  }

  /** Somebody acts on the machines, where Pulumi's state does not show it. */
  drop(): void {
    fs.rmSync(this.file, { force: true });
  }

  /** @param config text of the base state's config */
  async look(config: string): Promise<Sight> {
    return {
      config: hashOf(config),
      resources: this.resources(),
      machines: await this.machines(),
    };
  }

  /** Hash of all resources in Pulumi's state; undefined when it cannot be read, or an update is under way. */
  resources(): string | undefined {
    const [state, locks] = [stateDirectory(), lockDirectory(this.stack.name)];
    if (state === undefined || locks === undefined) return undefined;
    // What Pulumi keeps beside a lock stays when `pulumi cancel` takes it away.
    const held = fs.existsSync(locks) ? fs.readdirSync(locks) : [];
    if (held.some((name) => name.endsWith(".json"))) return undefined;
    const file = path.join(state, "stacks", PROJECT, `${this.stack.name}.json`);
    return fs.existsSync(file) ? resourcesIn(fs.readFileSync(file, "utf8")) : undefined;
  }

  private async machines(): Promise<Record<string, string> | undefined> {
    const { stdout } = await execa("virsh", ["-q", "-c", "lxc:///system", "list", "--all"]);
    const domains = domainsIn(stdout, this.stack.prefix);
    if (domains.some(({ state }) => state !== "running")) return undefined;
    const boots = domains.map(({ name, id }) => [name, bootOf(Number(id))] as const);
    return boots.some(([, boot]) => boot === undefined)
      ? undefined
      : (Object.fromEntries(boots) as Record<string, string>);
  }
}

/** The first process of a container and when it began: another one after every boot. @param id of its domain, a process */
function bootOf(id: number): string | undefined {
  const init = readProc(id, `task/${id}/children`).trim().split(" ")[0] ?? "";
  const start = init === "" ? undefined : startOf(readProc(Number(init), "stat"));
  return start === undefined ? undefined : `${init} ${start}`;
}
