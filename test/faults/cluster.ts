import * as fs from "node:fs";
import execa from "execa";
import { machineHealth, PATIENT } from "../../site/health";
import type { StackOutputs } from "../../site/stack";
import { diagnose } from "../../site/status/diagnose";
import { look } from "../../site/status/look";
import { pace } from "../support/pace";
import { ask, disturbed, eventually, on, stack } from "../support/site";
import { readProc } from "../../lib/processes";

const virsh = (...args: string[]) => execa("virsh", ["-q", "-c", "lxc:///system", ...args]);
const domain = (machine: string) => `${stack.prefix}-${machine}`;

/** The cluster under test: who has which part, what can be done to it, and when it is whole again. */
export class Cluster {
  constructor(readonly outputs: StackOutputs) {}

  /** Acts on a machine as its administrator. @param seconds longest time, on a machine of normal speed */
  shell = (machine: string, command: string, seconds = 120) =>
    on(this.outputs, machine, command, { timeout: Math.round(seconds * pace() * 1000) });

  /** Asks a machine, or does what its users may. */
  ask = (machine: string, command: string) => ask(this.outputs, machine, command);

  /** Who has which part now: what a failover changes. */
  async parts(): Promise<string> {
    const parts = [
      this.holder("slurm"),
      this.holder("web"),
      this.serving("redis"),
      this.serving("galera"),
    ];
    return (await Promise.all(parts)).join(" ");
  }

  /** The machine that holds a VIP. */
  async holder(vip: "slurm" | "web"): Promise<string> {
    const held = (await machineHealth(this.outputs)).find((m) => m.vips.includes(vip));
    if (!held) throw new Error(`nobody holds the ${vip} VIP`);
    return held.name;
  }

  /** The machine that clients of a data entry are on, as HAProxy sees it. */
  async serving(entry: "redis" | "galera"): Promise<string> {
    const question = `echo 'show table ${entry}' | socat - /run/haproxy/admin.sock`;
    const { stdout } = await this.ask(await this.holder("web"), question);
    const name = /server_key=(\S+)/.exec(stdout)?.[1];
    if (name === undefined) throw new Error(`HAProxy sends nobody to ${entry}: ${stdout}`);
    return name;
  }

  /** The power goes. Not `virsh destroy`: that lets the programs of a container end in good order first. */
  killMachine = async (machine: string): Promise<void> => {
    disturbed();
    const init = await this.init(machine);
    process.kill(init, "SIGKILL");
    // Over once all of the container are. Before that, libvirt's SIGTERM would let them say goodbye to their peers.
    const dead = () => {
      const status = readProc(init, "status");
      return status === "" || /^State:\sZ/m.test(status);
    };
    await eventually(`${machine} is dead`, 10, () => Promise.resolve(dead()));
    // Of several that die at once libvirt may not notice every one.
    await virsh("destroy", domain(machine)).catch(() => undefined);
    const state = async () => (await virsh("domstate", domain(machine))).stdout.trim();
    await eventually(`${machine} is off`, 10, async () => (await state()) === "shut off");
  };
  /** Acts on a machine as its console would, where ssh does not get in. */
  inside = async (machine: string, command: string): Promise<void> => {
    disturbed();
    const namespaces = ["--target", String(await this.init(machine)), "--all"];
    await execa("nsenter", [...namespaces, "sh", "-c", command]);
  };
  /** libvirt ends it: its programs may do so in good order. */
  destroyMachine = (machine: string) => {
    disturbed();
    return virsh("destroy", domain(machine));
  };
  freezeMachine = (machine: string) => {
    disturbed();
    return virsh("suspend", domain(machine));
  };

  isOn = async (machine: string): Promise<boolean> =>
    (await virsh("list", "--name")).stdout.split("\n").includes(domain(machine));

  /** Also when it was fenced meanwhile, and runs again or not. */
  startMachine = async (machine: string): Promise<void> => {
    const { stdout } = await virsh("domstate", domain(machine));
    if (stdout.trim() === "shut off") await virsh("start", domain(machine));
  };
  resumeMachine = async (machine: string): Promise<void> => {
    const { stdout } = await virsh("domstate", domain(machine));
    if (stdout.trim() === "paused") await virsh("resume", domain(machine));
  };

  /** Its cable is pulled; what it shares with others by the host's file system stays. */
  cut = (machine: string) => this.link(machine, "down");
  mend = (machine: string) => this.link(machine, "up");

  /** The first process of a machine, by its number here. */
  private async init(machine: string): Promise<number> {
    const id = Number((await virsh("domid", domain(machine))).stdout.trim());
    const children = fs.readFileSync(`/proc/${id}/task/${id}/children`, "utf8");
    return Number(children.trim().split(" ")[0]);
  }

  private async link(machine: string, state: "up" | "down"): Promise<void> {
    const { stdout } = await virsh("domiflist", domain(machine));
    const name = /^\s*(vnet\d+)/m.exec(stdout)?.[1];
    if (name === undefined) throw new Error(`${machine} has no interface: ${stdout}`);
    disturbed();
    await execa("ip", ["link", "set", name, state]);
  }

  /** Sends a signal to all processes of a name; `pidof` sees only those of the machine itself. */
  signal = (machine: string, signal: "KILL" | "STOP" | "CONT", program: string) =>
    this.shell(machine, `kill -${signal} $(pidof ${program})`);

  /** Every unit of every machine runs, and every part has its spare again. @param before what is done before each look */
  async whole(before: () => Promise<unknown> = () => Promise.resolve()): Promise<void> {
    let missing = "";
    const question = async () => {
      await before();
      return (missing = await this.missing()) === "";
    };
    await eventually("the cluster is whole again", 60, question).catch((error: Error) => {
      throw new Error(`${error.message}: ${missing}`);
    });
  }

  /** What is missing to full redundancy, in the words of `npx hpc doctor`; "" when nothing is. */
  async missing(): Promise<string> {
    const findings = diagnose(await look(stack.name, this.outputs, PATIENT));
    return findings.map((f) => f.what).join(" ");
  }
}
