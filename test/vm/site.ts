import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import * as yaml from "js-yaml";
import { machineHealth, type Patience } from "../../site/health";
import { Stack, type StackOutputs } from "../../site/stack";
import { hpcHome } from "../../lib/home";
import { ensureDisk } from "../../image/disk";
import { histories } from "../faults/history";
import { saved } from "../faults/longJobs";
import { SAMPLE_PORTAL } from "../../portal/catalogue";
import { pace } from "../support/pace";
import { eventually, on } from "../support/site";
import { BRIDGE, CIDR, Hypervisor, removeHypervisors } from "./hypervisors";

type Values = Record<string, unknown>;

/** The suite's own stack. What it leaves behind goes with its hypervisors. */
class VmStack extends Stack {
  override async sweep(): Promise<void> {
    await removeHypervisors();
    fs.rmSync(path.join(hpcHome(), "sites", this.prefix), { recursive: true, force: true });
  }
}

export const stack = new VmStack("testvm", (text) => console.log(text));

/** Emulation works everywhere; with KVM the suite takes a fraction of the time. */
const accelerator = process.env["HPC_HA_VM_ACCELERATOR"] ?? "qemu";
/** Longest wait for anything that emulated machines do, several at once on few cores, on a machine of normal speed, s. */
export const PATIENCE = 1200;
/** The same here. What waits by itself, and does not know of tests, is told this one. */
const patienceHere = () => Math.round(PATIENCE * pace());

/** How long its machines are waited for: a login takes an emulated one more than ten seconds when all are busy. */
const ANSWERS: Patience = { first: 90, factor: 3, least: 20, most: 180 };
/** From an answer to the next question, s: what asks all the time leaves nothing of two processors for the answers. */
export const EVERY = 5;

/**
 * The sites of the suite, one after the other: one with one machine of each tier, and one with the pairs and trios of their
 * real size, which a running site cannot be made from and back.
 */
export const SITES = { small: "test/vm", sets: "test/vm/sets" } as const;
export type SiteKind = keyof typeof SITES;
/** Where a run keeps which one it is for its child processes. */
export const KIND = "HPC_HA_VM_SITE";
const MEMBERS = {
  small: { redis: 1, galera: 1, entry: 1, login: 0 },
  sets: { redis: 3, galera: 3, entry: 2, login: 0 },
};

const small = { vcpus: 1, memoryMiB: 768, diskGiB: 4 };

/**
 * The reference site's config, on two hypervisors that are joined by a bridge, with machines as small as they can be, and
 * as few as the site at hand is to have, but two controllers.
 */
export async function baseConfig(): Promise<Values> {
  const kind: SiteKind = process.env[KIND] === "sets" ? "sets" : "small";
  // Two of the services: each is a Node process of its own, which takes emulated machines half a minute to start.
  const services = SAMPLE_PORTAL.filter(({ name }) => name.startsWith("auth_"));
  const { file, sha512 } = await ensureDisk((text) => console.log(text));
  return {
    driver: "vm",
    cidr: CIDR,
    webReplicas: kind === "sets" ? "2" : "1",
    web: { min: 1, max: 3, drainSeconds: 8, readySeconds: patienceHere() },
    members: MEMBERS[kind],
    slurm: { computeNodes: 1 },
    sizes: {
      controllers: small,
      // One for the job that goes on, one for what is tried beside it.
      compute: { ...small, vcpus: 2 },
      share: { ...small, dataGiB: 1 },
      redis: { ...small, memoryMiB: 512 },
      galera: small,
      entry: { ...small, memoryMiB: 512 },
      web: { ...small, memoryMiB: 1024 },
    },
    vm: {
      hypervisors: Object.fromEntries(Hypervisor.all.map((h) => [h.name, h.uri])),
      network: { bridge: BRIDGE },
      image: { file, sha512 },
      accelerator,
      bootSeconds: patienceHere(),
    },
    // A TLS handshake takes an emulated machine a second of CPU.
    failoverPatience: accelerator === "qemu" ? 8 : 1,
    services,
  };
}

/** Writes the stack's config: the base with changes. */
export async function configure(changes: Values = {}): Promise<void> {
  const values = { ...(await baseConfig()), ...changes };
  const config = Object.fromEntries(Object.entries(values).map(([k, v]) => [`hpc-ha:${k}`, v]));
  fs.writeFileSync(stack.configFile, yaml.dump({ config }));
}

/** Brings the site to its base state, from whatever an earlier test left. */
export async function baseState(): Promise<Site> {
  await configure();
  for (const hypervisor of Hypervisor.all) await hypervisor.start();
  await stack.up("--refresh");
  const site = new Site(await stack.outputs());
  await site.whole();
  // Of cases that failed: they would leave no processor for the next ones.
  await site.slurm("scancel --user=root");
  return site;
}

/** The site under test: what its machines say, and what can be done to them. */
export class Site {
  constructor(readonly outputs: StackOutputs) {}

  /** Output of a shell command on a machine, as root. */
  async on(machine: string, command: string, options: execa.Options = {}): Promise<string> {
    const done = on(this.outputs, machine, command, { timeout: patienceHere() * 1000, ...options });
    return (await done).stdout.trim();
  }

  /** Another one after every boot. */
  bootId = (machine: string) => this.on(machine, "cat /proc/sys/kernel/random/boot_id");

  /** When a unit of a machine was last started, ms since 1970. */
  async since(machine: string, unit: string): Promise<number> {
    const ask = `date +%s --date "$(systemctl show -P ActiveEnterTimestamp ${unit})"`;
    return Number(await this.on(machine, ask)) * 1000;
  }

  /** The controller that holds the Slurm VIP; undefined when there is none, or two. */
  async holder(): Promise<string | undefined> {
    const holders = (await machineHealth(this.outputs, ANSWERS)).filter((m) =>
      m.vips.includes("slurm"),
    );
    return holders.length === 1 ? holders[0]?.name : undefined;
  }

  /** All units of all machines run, a controller answers, and the compute node takes jobs. */
  async whole(): Promise<void> {
    let missing = "";
    const ask = async () => {
      const bad = (await machineHealth(this.outputs, ANSWERS)).filter((m) => m.health !== "ok");
      missing = bad.map((m) => `${m.name}: ${m.health} ${m.faults.join(" ")}`).join("; ");
      if (missing !== "") return false;
      const nodes = await this.slurm("sinfo -h -N -o '%N %t'").catch(() => "");
      missing = `sinfo says: ${nodes}`;
      return /^compute1 (idle|mix|alloc)$/.test(nodes);
    };
    await eventually("the site is whole", PATIENCE, ask, EVERY).catch((error: Error) => {
      throw new Error(`${error.message}: ${missing}`);
    });
  }

  /** A user's command, where users are in so small a site: on the compute node. */
  slurm = (command: string, seconds = 120) =>
    this.on("compute1", command, { timeout: seconds * 1000 });

  /** Submits a job that sleeps, and waits until it runs. */
  async runningJob(seconds: number): Promise<string> {
    const job = await this.slurm(
      `sbatch --parsable --output=/dev/null --mem=1 --wrap 'sleep ${seconds}'`,
    );
    await eventually(
      `job ${job} runs, and Slurm has saved that`,
      PATIENCE,
      async () => saved(await this.slurm(`squeue -h -t R -j ${job} -o %M`), 1, SAVED_SECONDS),
      EVERY,
    );
    return job;
  }

  /**
   * Exit code of a machine's question, by the key of the controllers, whether another is on: 0 when it is, and it may
   * ask. @param key file with the key
   */
  async fenceStatus(from: string, of: string, key = "/etc/slurm/fence.key"): Promise<number> {
    const [hypervisor, domain] = await hypervisorOf(of);
    const ask = `fence_virt -T ${hypervisor.address} -k ${key} -n ${domain} -o status -t 10; echo $?`;
    return Number((await this.on(from, ask)).split("\n").at(-1));
  }

  /** State and restarts of a job, and when it began: the same for as long as nothing happened to it. */
  job = (job: string) =>
    this.slurm(`scontrol show job ${job} | grep -oE '(JobState|Restarts|StartTime)=\\S+'`);

  /** What each controller wrote into its history on the state share, as one of them sees it. */
  histories = (from: string) =>
    histories(this.outputs, (_controller, command) => this.on(from, command));
}

/** Twice the interval in which slurmctld saves, s. */
const SAVED_SECONDS = 10;

/** The hypervisor of a machine, by asking both, and libvirt's name of it. */
export async function hypervisorOf(machine: string): Promise<[Hypervisor, string]> {
  const domain = `${stack.prefix}-${machine}`;
  for (const hypervisor of Hypervisor.all) {
    const { stdout } = await hypervisor.virsh("list", "--all", "--name");
    if (stdout.split("\n").includes(domain)) return [hypervisor, domain];
  }
  throw new Error(`no hypervisor has ${domain}`);
}
