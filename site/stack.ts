import * as path from "node:path";
import execa from "execa";
import type { AutoscalerOutputs } from "../components/autoscaler";
import type { ReachedHost } from "../components/slurm/nodeSsh";
import { sweepContainers } from "../drivers/container/sweep";
import { hpcHome } from "../lib/home";
import type { Progress } from "../lib/progress";
import { projectRoot } from "../lib/project";
import type { SiteOutputs } from "../plan/outputs";
import { parseRecord, RECORD_TYPE, type SiteRecord } from "../plan/record";
import { PROJECT, storedOutputs, storedResource, storedSelection } from "./stack/backend";
import { outputsOfOne } from "./stack/checkpoint";
import { keepingConfig } from "./stack/keepingConfig";
import { liveLock, releaseDeadLocks } from "./stack/locks";
import { runUpdate } from "./stack/update";

/** What the program gives back, with secrets. */
export type StackOutputs = SiteOutputs & {
  portalPassword: string;
  /** How the machines of `externalNodes` are reached. */
  externalHosts?: ReachedHost[];
  /** Where the autoscaler owns the pool's size. */
  autoscaler?: AutoscalerOutputs;
};

/** One stack of this project on the Pulumi CLI, as a person would type it. */
export class Stack {
  constructor(
    readonly name: string,
    private readonly progress: Progress,
  ) {}

  /** Names of its domains, network and directories begin with this. */
  get prefix(): string {
    return `${PROJECT}-${this.name}`;
  }

  get configFile(): string {
    return path.join(projectRoot, `Pulumi.${this.name}.yaml`);
  }

  /** Starts `pulumi … --stack <name>`. */
  start(...args: string[]): execa.ExecaChildProcess {
    return execa("pulumi", this.arguments(args), { cwd: projectRoot, stdin: "ignore", all: true });
  }

  /**
   * Runs `pulumi up|refresh|destroy …` with readable progress, without asking. A signal to end this process interrupts
   * Pulumi once and is waited for.
   * @param args further options of Pulumi
   * @throws Error when it failed; why was shown
   */
  async run(command: "up" | "refresh" | "destroy", ...args: string[]): Promise<void> {
    const all = this.arguments([command, "--yes", "--skip-preview", ...args]);
    await runUpdate(all, projectRoot, this.progress).catch((error: Error) => {
      throw new Error(`pulumi ${command} of stack ${this.name}: ${error.message}`);
    });
  }

  private arguments(args: string[]): string[] {
    return [...args, "--stack", this.name, "--non-interactive"];
  }

  /** Makes the stack unless it is there; then machines of its name are of a lost state, and go. */
  async ensure(): Promise<void> {
    if (await this.exists()) return;
    await this.sweep();
    await keepingConfig(this.configFile, () => this.pulumi("stack", "init", this.name));
  }

  async exists(): Promise<boolean> {
    const { stdout } = await this.pulumi("stack", "ls", "--json");
    return (JSON.parse(stdout) as { name: string }[]).some((s) => s.name === this.name);
  }

  private pulumi(...args: string[]): execa.ExecaChildProcess {
    return execa("pulumi", [...args, "--non-interactive"], { cwd: projectRoot });
  }

  /** The stack that `pulumi stack select` chose, unless there is none. */
  static async selected(progress: Progress): Promise<Stack | undefined> {
    const stored = storedSelection();
    if (stored !== undefined) return new Stack(stored, progress);
    const { stdout, failed } = await execa("pulumi", ["stack", "--show-name"], {
      cwd: projectRoot,
      reject: false,
    });
    return failed ? undefined : new Stack(stdout.trim(), progress);
  }

  /**
   * What the program gave back, without secrets.
   * @throws with Pulumi's words when there is no such stack, or when nothing of it was made yet
   */
  async publicOutputs(): Promise<SiteOutputs> {
    const outputs = (storedOutputs(this.name) ?? (await this.askOutputs())) as Partial<SiteOutputs>;
    if (outputs.webPool === undefined) {
      throw new Error(`stack ${this.name} has no machines yet: \`pulumi up\` makes them`);
    }
    if (outputs.ssh === undefined) {
      throw new Error(`stack ${this.name} is of an older release: \`pulumi up\` comes first`);
    }
    return outputs as SiteOutputs;
  }

  private async askOutputs(): Promise<unknown> {
    const { failed, stdout, stderr } = await this.start("stack", "output", "--json").catch(
      (error: execa.ExecaError) => error,
    );
    if (failed) throw new Error(stderr.trim());
    return JSON.parse(stdout);
  }

  /**
   * What there is of the site, as the last `pulumi up` began: also when it failed, which outputs do not tell.
   * @throws Error when there is nothing
   */
  async record(): Promise<SiteRecord> {
    const kept = storedResource(this.name, RECORD_TYPE) ?? (await this.askRecord());
    if (kept?.["record"] === undefined) {
      throw new Error(`stack ${this.name} has no machines yet: \`pulumi up\` makes them`);
    }
    return parseRecord(kept["record"]);
  }

  private async askRecord(): Promise<Record<string, unknown> | undefined> {
    const { stdout } = await this.start("stack", "export");
    const state = { version: 3, checkpoint: { latest: deploymentOf(stdout) } };
    return outputsOfOne(JSON.stringify(state), this.name, RECORD_TYPE);
  }

  async outputs(): Promise<StackOutputs> {
    const { stdout } = await this.start("stack", "output", "--json", "--show-secrets");
    return JSON.parse(stdout) as StackOutputs;
  }

  /** Brings the machines to the config's state, from whatever an earlier run left. */
  async up(...args: string[]): Promise<void> {
    await this.recover();
    await keepingConfig(this.configFile, () => this.run("up", ...args));
  }

  /** Undoes what an interrupted run left in the state: its lock, and creations of unknown outcome. */
  async recover(): Promise<void> {
    if (releaseDeadLocks(this.name)) await this.run("refresh", "--clear-pending-creates");
  }

  /** Removes all machines and the stack itself. */
  async remove(): Promise<void> {
    if (!(await this.exists())) return;
    await this.recover();
    await keepingConfig(this.configFile, () => this.run("destroy", "--refresh"));
    await this.pulumi("stack", "rm", this.name, "--yes", "--preserve-config");
  }

  /** Removes the stack from Pulumi's state, whatever was of it: nothing else is touched. */
  async forget(): Promise<void> {
    if (!(await this.exists())) return;
    releaseDeadLocks(this.name);
    await this.pulumi("stack", "rm", this.name, "--yes", "--force", "--preserve-config");
  }

  /**
   * As `remove`; what that cannot remove goes by its name, in whatever state an interruption left it.
   * @throws Error when another run works on the stack
   */
  async removeWhatever(): Promise<void> {
    try {
      await this.remove();
    } catch (error) {
      const holder = liveLock(this.name);
      if (holder !== undefined) throw new Error(`stack ${this.name} is in use: ${holder}`);
      this.progress(`${(error as Error).message}. What is left goes by its name`);
    }
    await this.sweep();
    await this.forget();
  }

  /** Removes containers, mounts, directories and the network by their names: also what a lost state does not know. */
  async sweep(): Promise<void> {
    await sweepContainers({ prefix: this.prefix, home: hpcHome() });
  }
}

const deploymentOf = (exported: string): unknown =>
  (JSON.parse(exported) as { deployment: unknown }).deployment;
