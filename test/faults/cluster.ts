import execa from "execa";
import { machineHealth } from "../../cli/health";
import type { StackOutputs } from "../../cli/stack";
import { eventually, on, stack } from "../support/site";

const virsh = (...args: string[]) => execa("virsh", ["-q", "-c", "lxc:///system", ...args]);
const domain = (machine: string) => `${stack.prefix}-${machine}`;

/** The cluster under test: who has which part, what can be done to it, and when it is whole again. */
export class Cluster {
  constructor(readonly outputs: StackOutputs) {}

  shell = (machine: string, command: string) => on(this.outputs, machine, command);

  /** The machine that holds a VIP. */
  async holder(vip: "slurm" | "web"): Promise<string> {
    const held = (await machineHealth(this.outputs)).find((m) => m.vips.includes(vip));
    if (!held) throw new Error(`nobody holds the ${vip} VIP`);
    return held.name;
  }

  /** The machine that clients of a data entry are on, as HAProxy sees it. */
  async serving(entry: "redis" | "galera"): Promise<string> {
    const ask = `echo 'show table ${entry}' | socat - /run/haproxy/admin.sock`;
    const { stdout } = await this.shell(await this.holder("web"), ask);
    const name = /server_key=(\S+)/.exec(stdout)?.[1];
    if (name === undefined) throw new Error(`HAProxy sends nobody to ${entry}: ${stdout}`);
    return name;
  }

  /** The power goes. */
  killMachine = (machine: string) => virsh("destroy", domain(machine));
  startMachine = (machine: string) => virsh("start", domain(machine));
  freezeMachine = (machine: string) => virsh("suspend", domain(machine));
  resumeMachine = (machine: string) => virsh("resume", domain(machine));

  /** Its cable is pulled; what it shares with others by the host's file system stays. */
  cut = (machine: string) => this.link(machine, "down");
  mend = (machine: string) => this.link(machine, "up");

  private async link(machine: string, state: "up" | "down"): Promise<void> {
    const { stdout } = await virsh("domiflist", domain(machine));
    const name = /^\s*(vnet\d+)/m.exec(stdout)?.[1];
    if (name === undefined) throw new Error(`${machine} has no interface: ${stdout}`);
    await execa("ip", ["link", "set", name, state]);
  }

  /** Sends a signal to all processes of a name; `pidof` sees only those of the machine itself. */
  signal = (machine: string, signal: "KILL" | "STOP" | "CONT", program: string) =>
    this.shell(machine, `kill -${signal} $(pidof ${program})`);

  /** Every unit of every machine runs, and every part has its spare again. */
  async whole(): Promise<void> {
    await eventually("the cluster is whole again", 90, async () => {
      const machines = await machineHealth(this.outputs);
      if (machines.some((m) => m.health !== "ok")) return false;
      const ask =
        "echo 'show stat -1 4 -1' | socat - /run/haproxy/admin.sock | cut -d, -f1,2,18; echo; haproxy-state check";
      for (const haproxy of Object.keys(this.outputs.addresses["haproxy"] ?? {})) {
        const { stdout } = await this.shell(haproxy, ask);
        const up = (pattern: RegExp) => [...stdout.matchAll(pattern)].length;
        const web = Object.keys(this.outputs.addresses["web"] ?? {}).length;
        if (up(/^\w+,web\d+,UP$/gm) !== web * Object.keys(this.outputs.urls).length) return false;
        if (up(/^galera,galera\d,UP$/gm) !== 3 || up(/^redis,redis\d,UP$/gm) !== 1) return false;
      }
      // Two replicas follow the master.
      const { stdout } = await this.shell(
        "redis1",
        "redis-cli -p 26379 sentinel masters | grep -A1 -E '^(num-slaves|flags)$'",
      );
      if (!/^master$/m.test(stdout)) return false;
      return (await this.shell("client", "scontrol ping && sinfo -h -o %T")).stdout.includes("UP");
    });
  }
}
