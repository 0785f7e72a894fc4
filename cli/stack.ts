import * as fs from "node:fs";
import { hostname } from "node:os";
import * as path from "node:path";
import { isDeepStrictEqual } from "node:util";
import execa from "execa";
import * as yaml from "js-yaml";
import { createInterface } from "node:readline";
import type { Progress } from "../lib/progress";
import { PulumiProgress } from "./pulumiProgress";
import { removeControlGroups } from "../drivers/container/provider";
import { hpcHome } from "../lib/home";
import { projectRoot } from "../lib/project";
import type { SiteOutputs } from "../plan/outputs";
import { lockDirectory, PROJECT, storedOutputs, storedSelection } from "./stack/backend";

/** What the program gives back, with secrets. */
export type StackOutputs = SiteOutputs & { portalPassword: string };

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
    return execa("pulumi", [...args, "--stack", this.name, "--non-interactive"], {
      cwd: projectRoot,
      stdin: "ignore",
      all: true,
    });
  }

  /** Runs `pulumi up|refresh|destroy …` with readable progress, without asking. */
  async run(command: "up" | "refresh" | "destroy", ...args: string[]): Promise<void> {
    const child = this.start(command, "--yes", "--skip-preview", ...args);
    const readable = new PulumiProgress();
    const show = async () => {
      if (!child.all) return;
      for await (const line of createInterface(child.all)) {
        for (const shown of readable.line(line)) this.progress(shown);
      }
    };
    const [result] = await Promise.allSettled([child, show()]);
    if (result.status === "rejected") {
      throw new Error(`pulumi ${command} of stack ${this.name} failed: see above`);
    }
  }

  /** Makes the stack unless it is there; then machines of its name are of a lost state, and go. */
  async ensure(): Promise<void> {
    if (await this.exists()) return;
    await this.sweep();
    await this.keepingConfig(() =>
      execa("pulumi", ["stack", "init", this.name, "--non-interactive"], { cwd: projectRoot }),
    );
  }

  /**
   * Pulumi writes this machine's salt into the config file, which is the project's, and formats it its own way;
   * the state has the salt too. The file stays as it was unless its values changed meanwhile.
   */
  private async keepingConfig<T>(action: () => Promise<T>): Promise<T> {
    const read = () => fs.readFileSync(this.configFile, "utf8");
    const values = (text: string) => {
      const all = yaml.load(text) as Record<string, unknown>;
      return { ...all, encryptionsalt: undefined };
    };
    // Of a stack whose file is gone only the state is left, which is enough to remove it.
    if (!fs.existsSync(this.configFile)) return action();
    const before = read();
    try {
      return await action();
    } finally {
      if (isDeepStrictEqual(values(read()), values(before))) {
        fs.writeFileSync(this.configFile, before);
      }
    }
  }

  async exists(): Promise<boolean> {
    const { stdout } = await execa("pulumi", ["stack", "ls", "--json"], { cwd: projectRoot });
    return (JSON.parse(stdout) as { name: string }[]).some((s) => s.name === this.name);
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

  async outputs(): Promise<StackOutputs> {
    const { stdout } = await this.start("stack", "output", "--json", "--show-secrets");
    return JSON.parse(stdout) as StackOutputs;
  }

  /** Brings the machines to the config's state, from whatever an earlier run left. */
  async up(...args: string[]): Promise<void> {
    await this.recover();
    await this.keepingConfig(() => this.run("up", ...args));
  }

  /** Undoes what an interrupted run left in the state: its lock, and creations of unknown outcome. */
  async recover(): Promise<void> {
    if (this.releaseDeadLock()) {
      await this.run("refresh", "--clear-pending-creates");
    }
  }

  /**
   * Removes locks of the local backend whose process was on this machine and is gone; others stay.
   * (`pulumi cancel` removes all locks without asking who holds them.) Returns whether there was one.
   */
  private releaseDeadLock(): boolean {
    const dir = lockDirectory(this.name);
    if (dir === undefined || !fs.existsSync(dir)) return false;
    let dead = false;
    for (const name of fs.readdirSync(dir)) {
      const file = path.join(dir, name);
      const lock = JSON.parse(fs.readFileSync(file, "utf8")) as { pid: number; hostname: string };
      if (lock.hostname !== hostname() || fs.existsSync(`/proc/${lock.pid}`)) continue;
      fs.rmSync(file);
      dead = true;
    }
    return dead;
  }

  /** Removes all machines and the stack itself. */
  async remove(): Promise<void> {
    if (!(await this.exists())) return;
    await this.recover();
    await this.keepingConfig(() => this.run("destroy", "--refresh"));
    await execa("pulumi", ["stack", "rm", this.name, "--yes", "--preserve-config"], {
      cwd: projectRoot,
    });
  }

  /** Removes the stack from Pulumi's state, whatever was of it: nothing else is touched. */
  async forget(): Promise<void> {
    if (!(await this.exists())) return;
    this.releaseDeadLock();
    const args = ["stack", "rm", this.name, "--yes", "--force", "--preserve-config"];
    await execa("pulumi", args, { cwd: projectRoot });
  }

  /** Removes domains, mounts, directories and the network by their names: also what a lost state does not know. */
  async sweep(): Promise<void> {
    const lxc = (...args: string[]) => execa("virsh", ["-q", "-c", "lxc:///system", ...args]);
    const qemu = (...args: string[]) => execa("virsh", ["-q", "-c", "qemu:///system", ...args]);
    const names = async (list: execa.ExecaChildProcess) =>
      (await list).stdout.split("\n").map((n) => n.trim());
    const site = path.join(hpcHome(), "sites", this.prefix);
    for (const domain of await names(lxc("list", "--all", "--name"))) {
      if (!domain.startsWith(`${this.prefix}-`)) continue;
      // Another stack's name may begin like this one's; the disks tell them apart.
      if (!(await lxc("dumpxml", domain)).stdout.includes(`'${site}/`)) continue;
      await lxc("destroy", domain).catch(() => undefined);
      await lxc("undefine", domain).catch(() => undefined);
      await removeControlGroups(domain);
    }
    for (const line of fs.readFileSync("/proc/self/mounts", "utf8").split("\n")) {
      const mount = line.split(" ")[1] ?? "";
      if (mount.startsWith(`${site}/`)) await execa("umount", [mount]);
    }
    fs.rmSync(site, { recursive: true, force: true });
    if ((await names(qemu("net-list", "--all", "--name"))).includes(this.prefix)) {
      await qemu("net-destroy", this.prefix).catch(() => undefined);
      await qemu("net-undefine", this.prefix);
    }
  }
}
