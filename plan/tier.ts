import { z } from "zod";
import type { Files } from "./files";
import type { Rule } from "./rule";
import type { MachineSize, Placed } from "./machine";

/** What a tier adds to the stack config. */
export interface TierKeys {
  /** Its ports by name, with their defaults: `ports.<name>`. */
  ports: Record<string, number>;
  /** Its virtual addresses by name, with the host number that is the default: `addresses.<name>Vip`. */
  vips: Record<string, number>;
  /** Keys of its own, at the top of the config. */
  settings: z.ZodRawShape;
}

/** How large its machines are where the config does not say otherwise: `sizes.<tier>`. */
export interface SizeDefaults {
  vcpus: number;
  memoryMiB: number;
  /** Data volume that outlives the machine, GiB. Default: none. */
  dataGiB?: number;
}

/** Its machines: names, addresses, hypervisors. All of it is identity: with another name or place a machine is another. */
export interface Naming {
  /** Name of its machines: a number follows it, unless there is only ever one. */
  name: string;
  single?: boolean;
  /** Host number of the first one's address in the subnet. */
  firstHost: number;
  /** Number of the hypervisor of its first machine, so that not all tiers begin on the same. */
  firstHypervisor: number;
  /** One hypervisor must take no more of its machines with it than it has to. Default: any number. */
  apart?: boolean;
  /** Each may have the others switched off through the hypervisors. Default: no. */
  fenced?: boolean;
}

/** Machines of a tier that are alike, with names of their own. */
export interface MachineGroup {
  /** Name of its machines: a number from 1 follows it. */
  name: string;
  count: number;
  /** Address of the first one. Default: the tier's. */
  firstAddress?: string | undefined;
  /** Where it is not the tier's. */
  size: Partial<MachineSize>;
}

/** Sizes that a tier of a fixed number of machines may have: `members.<tier>`. */
export interface Members {
  allowed: readonly [number, ...number[]];
  default: number;
}

/** What of a tier must stay as it is, once it is there; see plan/record.ts. */
export interface Keeps<Config> {
  /** How many machines there are: they hold data that is nowhere else. Default: no. */
  members?: boolean;
  /** Their addresses, by which they know each other. Default: no. */
  addresses?: boolean;
  /** Values of the config, by key, under which something is filed. Default: none. */
  values?(config: Config): Record<string, string>;
  /** Those of sites from before the record had them. Default: nothing is known of them. */
  formerly?: Record<string, string>;
  /** Why such a value must stay, and what to do instead. Default: something is filed under it; take it back. */
  whyNot?: Record<string, string>;
}

/** What those who plan know: who lets in whom is the same whatever the present size of the web pool. */
export interface Ground<Config, Name extends string> {
  config: Config;
  /** Addresses of all machines of these tiers, with the pool at its largest. */
  of: (...tiers: Name[]) => string[];
  /** The machines of a tier. */
  machines: (tier: Name) => Placed[];
}

/** What the plan must know of a tier. Pure; the list of them is handed to the plan, which knows none by name. */
export interface TierPlan<
  Keys extends TierKeys = TierKeys,
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tiers say precisely which config and names they read
  Config = any,
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  Name extends string = any,
> {
  keys: Keys;
  naming: Naming;
  size: SizeDefaults;
  /** Its machines, where they are not all alike. Default: one group, as `naming` and `count` say. */
  groups?(config: Config): MachineGroup[];
  /** How many machines, chosen among these: `members.<tier>`. Without it `count` says how many. */
  members?: Members;
  /** How many machines; `hosted`: containers share a directory of their host, VMs need a machine that serves it. */
  count?(config: Config, needsShareMachine: boolean): number;
  /** Which of them there are, by number; `there`: those that there were, none of a new site. Default: the first `count`. */
  chosen?(config: Config, there: number[]): number[];
  /** How many at most, for checks of addresses. Default: as many as there are. */
  most?(config: Config): number;
  /** Address of the first machine, where the config has one. */
  firstAddress?(config: Config): string | undefined;
  /** What its machines let in besides ssh. */
  letsIn(ground: Ground<Config, Name>): Rule[];
  /** What the machines of all tiers let in for it. Default: nothing. */
  letInEverywhere?(ground: Ground<Config, Name>): Rule[];
  /** Machines that it knows and that are not made: no name or address of theirs may be another's. Default: none. */
  others?(config: Config): { name: string; address: string; at: string }[];
  /** Debian packages that its machines need besides everybody's, where it matters by the config. */
  packages: readonly string[] | ((config: Config) => readonly string[]);
  /** What of it, once it is there, the config must not change by accident. Default: nothing. */
  keeps?: Keeps<Config>;
  /** Rules that span keys; those that were not valid by themselves are missing. */
  check?(config: Partial<Config>, files: Files): string[];
}

export type TierPlans = Record<string, TierPlan>;

/** No keys, ports or virtual addresses of its own. */
export const NO_KEYS = { ports: {}, vips: {}, settings: {} } as const;
