import { z } from "zod";

/** Text of Slurm that stands for the same in many ways, as one. */
type Canonical = (text: string) => string;

const UNITS = "KMGTP";
/** What slurmdbd knows without AccountingStorageTRES (22.05). */
export const OWN_TRES: readonly string[] = [
  ...["cpu", "mem", "node", "energy", "billing", "fs/disk", "vmem", "pages"],
];

/** sacctmgr takes mem=1.5T for mem=1M without a word (22.05): whole numbers only. */
const ITEM = /^([a-z][\w/:.-]*)=(\d+)([KMGTP]?)$/;
const given = z
  .string()
  .refine(
    (text) =>
      text.split(",").every((item) => {
        const [, type, , unit] = ITEM.exec(item) ?? [];
        return type !== undefined && (unit === "" || type === "mem");
      }),
    "resources as sacctmgr takes them, whole numbers: cpu=64,mem=512G,node=4,gres/gpu=8",
  )
  .refine((text) => {
    const types = tresTypes(text);
    return new Set(types).size === types.length;
  }, "each resource once");

/** The resources that a limit is of. */
export const tresTypes = (text: string): string[] =>
  text === "" ? [] : text.split(",").map((item) => item.split("=")[0] ?? "");

/** Memory in MiB, all else as it is; what sacctmgr shows has units and halves (mem=1.50T). */
const tres: Canonical = (text) =>
  text
    .split(",")
    .filter((item) => item !== "")
    .map((item) => {
      const [type = "", value = ""] = item.split("=");
      const own = UNITS.indexOf(value.slice(-1));
      const power = own < 0 ? 0 : own + 1 - (type === "mem" ? 2 : 0);
      return `${type}=${Math.round(Number.parseFloat(value) * 1024 ** power)}`;
    })
    .sort()
    .join(",");

const TIME = /^(\d+-)?\d+(:\d+){0,2}$/;
/** Minutes, as slurmdbd keeps them; a part of one counts as one. */
const minutes: Canonical = (text) => {
  if (text === "") return "";
  const [, days, rest = text] = /^(\d+)-(.*)$/.exec(text) ?? [];
  const parts = rest.split(":").map(Number);
  // Behind days it begins with hours, else one or two numbers begin with minutes.
  const [h = 0, m = 0, s = 0] = days !== undefined || parts.length === 3 ? parts : [0, ...parts];
  return String(Number(days ?? 0) * 1440 + h * 60 + m + Math.ceil(s / 60));
};

const same: Canonical = (text) => text;
const text = z.union([z.string(), z.number()]).transform(String);
const KINDS = {
  count: { schema: z.int().min(0).transform(String), canonical: same },
  tres: { schema: given.transform(tres), canonical: tres },
  time: {
    schema: text
      .refine(
        (said) => TIME.test(said),
        "a time of Slurm: minutes, h:m:s, days-hours; without a limit leave it out",
      )
      .transform(minutes),
    canonical: minutes,
  },
};
type Kind = keyof typeof KINDS;

/** Limits that associations and QOS have. */
const BOTH: Record<string, Kind> = {
  GrpJobs: "count",
  GrpJobsAccrue: "count",
  GrpSubmitJobs: "count",
  GrpTRES: "tres",
  GrpTRESMins: "tres",
  GrpTRESRunMins: "tres",
  GrpWall: "time",
  MaxTRES: "tres",
  MaxTRESPerNode: "tres",
  MaxTRESMins: "tres",
  MaxWall: "time",
};
const ASSOCIATION: Record<string, Kind> = {
  ...BOTH,
  MaxJobs: "count",
  MaxJobsAccrue: "count",
  MaxSubmitJobs: "count",
  Priority: "count",
};
const QOS: Record<string, Kind> = {
  ...BOTH,
  MaxTRESPerUser: "tres",
  MaxJobsPerUser: "count",
  MaxSubmitJobsPerUser: "count",
  MaxJobsAccruePerUser: "count",
  MaxTRESPerAccount: "tres",
  MaxJobsPerAccount: "count",
  MaxSubmitJobsPerAccount: "count",
  MaxJobsAccruePerAccount: "count",
  MinTRES: "tres",
};

/** Limits by the names that sacctmgr has for them, each as slurmdbd keeps it. */
export type Limits = Partial<Record<string, string>>;
const schemaOf = (kinds: Record<string, Kind>) =>
  z
    .strictObject(
      Object.fromEntries(
        Object.entries(kinds).map(([name, kind]) => [name, KINDS[kind].schema.optional()]),
      ),
    )
    .transform((limits): Limits => limits)
    .prefault({});

/** What may be said of an account or of a user in one, and of a QOS. */
export const associationLimits = schemaOf(ASSOCIATION);
export const qosLimits = schemaOf(QOS);
export const ASSOCIATION_LIMITS: readonly string[] = Object.keys(ASSOCIATION);
export const QOS_LIMITS: readonly string[] = Object.keys(QOS);

/** What sacctmgr shows of a limit, as slurmdbd keeps it. */
export function limitShown(name: string, shown: string): string {
  const kind = ASSOCIATION[name] ?? QOS[name];
  return kind === undefined ? shown : KINDS[kind].canonical(shown);
}

/** What is set to have a limit instead of another. Resources that are not named would stay; -1 is none. */
export function limitSet(now: string, wanted: string): string {
  if (!`${now}${wanted}`.includes("=")) return wanted === "" ? "-1" : wanted;
  const named = tresTypes(wanted);
  const gone = tresTypes(now).filter((type) => !named.includes(type));
  return [...(wanted === "" ? [] : [wanted]), ...gone.map((type) => `${type}=-1`)].join(",");
}
