import type { Client } from "../support/load/faultProtocol";
import type { Cluster } from "./cluster";

/** One fault: what is done, how it is mended, and the longest outage that each client may see, s. */
export interface Case {
  name: string;
  /** Does it; returns how to mend it. */
  fault: (cluster: Cluster) => Promise<() => Promise<unknown>>;
  limits: Partial<Record<Client, number>>;
  /** Part of the short form that `npm test` runs. */
  short?: boolean;
}

const nothing = () => Promise.resolve();

/** A fault of the machine that has a part, mended by the opposite. */
const machine =
  (
    who: (c: Cluster) => Promise<string>,
    fault: "killMachine" | "freezeMachine" | "cut",
  ): Case["fault"] =>
  async (c) => {
    const name = await who(c);
    await c[fault](name);
    const mend = {
      killMachine: "startMachine",
      freezeMachine: "resumeMachine",
      cut: "mend",
    } as const;
    return () => c[mend[fault]](name);
  };

/** A signal to a program of the machine that has a part; systemd or the tier brings it back. */
const process =
  (who: (c: Cluster) => Promise<string>, signal: "KILL" | "STOP", program: string): Case["fault"] =>
  async (c) => {
    const name = await who(c);
    await c.signal(name, signal, program);
    return signal === "KILL"
      ? nothing
      : () => c.signal(name, "CONT", program).catch(() => undefined);
  };

const controller = (c: Cluster) => c.holder("slurm");
const entry = (c: Cluster) => c.holder("web");
const redis = (c: Cluster) => c.serving("redis");
const galera = (c: Cluster) => c.serving("galera");

/** Limits: the figures of the requirements for each kind of fault. */
export const CASES: Case[] = [
  {
    name: "slurmctld stopped",
    fault: async (c) => {
      await c.shell(await controller(c), "systemctl stop slurmctld");
      return nothing;
    },
    limits: { sbatch: 3, slurmVip: 1 },
  },
  {
    name: "slurmctld kill -9",
    fault: process(controller, "KILL", "slurmctld"),
    limits: { sbatch: 3, slurmVip: 1 },
    short: true,
  },
  {
    name: "slurmctld frozen",
    fault: process(controller, "STOP", "slurmctld"),
    limits: { sbatch: 5, slurmVip: 1 },
  },
  {
    name: "controller machine killed",
    fault: machine(controller, "killMachine"),
    limits: { sbatch: 5, slurmVip: 2 },
    short: true,
  },
  {
    name: "controller machine frozen, then resumed",
    fault: machine(controller, "freezeMachine"),
    limits: { sbatch: 5, slurmVip: 2 },
  },
  {
    name: "controller machine cut off",
    fault: machine(controller, "cut"),
    limits: { sbatch: 5, slurmVip: 2 },
  },
  {
    name: "slurmdbd primary kill -9",
    fault: async (c) => {
      await c.signal("slurm-m1", "KILL", "slurmdbd");
      return nothing;
    },
    limits: { sbatch: 1.5, slurmVip: 1 },
  },
  {
    name: "haproxy kill -9",
    fault: process(entry, "KILL", "haproxy"),
    limits: { web: 1 },
    short: true,
  },
  { name: "haproxy frozen", fault: process(entry, "STOP", "haproxy"), limits: { web: 1 } },
  {
    name: "keepalived kill -9 (entry)",
    fault: process(entry, "KILL", "keepalived"),
    limits: { web: 1 },
  },
  {
    name: "entry machine killed",
    fault: machine(entry, "killMachine"),
    limits: { web: 1.5 },
    short: true,
  },
  {
    name: "Redis master kill -9",
    fault: process(redis, "KILL", "redis-server"),
    limits: { redis: 3, web: 1 },
  },
  {
    name: "Redis machine frozen",
    fault: machine(redis, "freezeMachine"),
    limits: { redis: 5, web: 1 },
  },
  { name: "Redis machine cut off", fault: machine(redis, "cut"), limits: { redis: 5, web: 1 } },
  {
    name: "Galera node killed",
    fault: machine(galera, "killMachine"),
    limits: { sql: 2.5, web: 1 },
    short: true,
  },
  {
    name: "Galera node frozen",
    fault: machine(galera, "freezeMachine"),
    limits: { sql: 3.5, web: 1 },
  },
  { name: "Galera node cut off", fault: machine(galera, "cut"), limits: { sql: 3.5, web: 1 } },
  {
    name: "web machine killed",
    fault: async (c) => {
      await c.killMachine("web1");
      return () => c.startMachine("web1");
    },
    limits: { web: 3 },
  },
  {
    name: "one machine of each tier killed together",
    fault: async (c) => {
      const names = [await controller(c), await entry(c), await redis(c), await galera(c), "web1"];
      await Promise.all(names.map((name) => c.killMachine(name)));
      return () => Promise.all(names.map((name) => c.startMachine(name)));
    },
    limits: { sbatch: 8, slurmVip: 2, web: 3, redis: 5, sql: 5 },
    short: true,
  },
];
