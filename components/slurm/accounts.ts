import { z } from "zod";
import { associationLimits, type Limits, OWN_TRES, qosLimits, tresTypes } from "./limits";
import type { Options } from "./options";

/** slurmdbd makes capitals small. */
const name = z
  .string()
  .regex(/^[a-z0-9_][a-z0-9_.-]*$/, "small letters, digits, _ . and -, as slurmdbd keeps it");
/** sacctmgr keeps quotes and backslashes to itself. */
const words = z.string().regex(/^[^"'\\\p{Cc}]+$/u, "one line without quotes and backslashes");
const FLAGS = [
  ...["DenyOnLimit", "EnforceUsageThreshold", "NoReserve", "PartitionMaxNodes"],
  ...["PartitionMinNodes", "OverPartQOS", "PartitionTimeLimit", "RequiresReservation"],
  ...["NoDecay", "UsageFactorSafe"],
] as const;

const association = {
  /** Shares among those who have the same parent, or `parent`: of it. Default 1. */
  fairshare: z
    .union([z.int().min(0), z.literal("parent")], "a whole number, or parent")
    .default(1)
    .transform(String),
  limits: associationLimits,
  /** QOS that jobs may have. Default: those of the account above. */
  qos: z.array(name).min(1).optional(),
  /** The one of jobs that name none. Default: that of the account above. */
  defaultQos: name.optional(),
};
const qos = z.strictObject({
  name,
  priority: z.int().min(0).default(0).transform(String),
  flags: z.array(z.enum(FLAGS)).default([]),
  /** QOS whose jobs make room for its own, where slurm.options has PreemptType=preempt/qos. */
  preempt: z.array(name).default([]),
  limits: qosLimits,
});
const account = z.strictObject({
  name,
  /** Default: none, it is at the top. */
  parent: name.default("root"),
  /** Default: its name. */
  description: words.optional(),
  /** Default: its name. */
  organization: words.optional(),
  ...association,
});
/** A user in an account; the account's name is its short form. */
const membership = z.preprocess(
  (value) => (typeof value === "string" ? { account: value } : value),
  z.strictObject({ account: name, ...association }),
);
const user = z.strictObject({
  name,
  accounts: z.array(membership).min(1),
  /** Of jobs that name no account. Default: the first one. */
  defaultAccount: name.optional(),
  adminLevel: z.enum(["none", "operator"]).default("none"),
});

/** Who may use the cluster, and how much of it: what sacctmgr is told. */
export const accounts = z.strictObject({
  qos: z.array(qos).default([]),
  accounts: z.array(account).default([]),
  users: z.array(user).default([]),
  /** What slurmdbd has besides goes, unless it has jobs. Default false: it is left alone. */
  exclusive: z.boolean().default(false),
});
export type Accounts = z.infer<typeof accounts>;

/** Words of AccountingStorageEnforce: what a job is refused for. */
export const enforce = z.array(
  z.enum(["associations", "limits", "qos", "safe", "nojobs", "nosteps", "wckeys"]),
);

/** Slurm's own, which cannot be said and never go. */
export const ROOT = "root";
export const NORMAL = "normal";

/** Faults of all together. @param options of slurm.conf, where further resources are counted */
export function accountFaults(all: Accounts | undefined, options: Options): string[] {
  if (all === undefined) return [];
  const at = "slurm.accounts";
  const there = { accounts: names(all.accounts), qos: [NORMAL, ...names(all.qos)] };
  // Also what was made by hand must be here, to be named here.
  const unknown = (where: string, kind: "accounts" | "qos", wanted: string[]) =>
    wanted
      .filter((one) => !there[kind].includes(one))
      .map((one) => `${where} = "${one}": is not in ${at}.${kind}`);
  const rules = (where: string, a: Pick<Accounts["accounts"][number], "qos" | "defaultQos">) => [
    ...unknown(`${where}.qos`, "qos", a.qos ?? []),
    ...unknown(`${where}.defaultQos`, "qos", a.defaultQos === undefined ? [] : [a.defaultQos]),
    ...(a.qos && a.defaultQos !== undefined && !a.qos.includes(a.defaultQos)
      ? [`${where}.defaultQos = "${a.defaultQos}": must be in its qos`]
      : []),
  ];
  const known = [...OWN_TRES, ...tracked(options)];
  const resources = (where: string, limits: Limits) =>
    Object.entries(limits).flatMap(([limit, value = ""]) =>
      tresTypes(value.includes("=") ? value : "")
        .filter((type) => !known.includes(type))
        .map(
          (type) =>
            `${where}.limits.${limit}: slurmdbd does not count ${type}; known are ${known.join(", ")}, ` +
            "more by slurm.options.AccountingStorageTRES",
        ),
    );
  return [
    ...(["qos", "accounts", "users"] as const).flatMap((kind) => [
      ...twice(names(all[kind])).map((n) => `${at}.${kind}: "${n}" is there twice`),
      ...(kind !== "qos" && names(all[kind]).includes(ROOT)
        ? [`${at}.${kind}: "${ROOT}" is Slurm's own`]
        : []),
    ]),
    ...all.qos.flatMap((q, i) => [
      ...unknown(`${at}.qos.${i}.preempt`, "qos", q.preempt),
      ...resources(`${at}.qos.${i}`, q.limits),
    ]),
    ...all.accounts.flatMap((a, i) => {
      const where = `${at}.accounts.${i}`;
      const parent = a.parent === ROOT ? [] : [a.parent];
      return [
        ...unknown(`${where}.parent`, "accounts", parent),
        ...rules(where, a),
        ...resources(where, a.limits),
      ];
    }),
    ...cycles(all.accounts).map((circle) => `${at}.accounts: a circle of parents: ${circle}`),
    ...all.users.flatMap((u, i) => {
      const where = `${at}.users.${i}`;
      const mine = u.accounts.map((m) => m.account);
      const usual = u.defaultAccount;
      return [
        ...u.accounts.flatMap((m, n) => [
          ...unknown(`${where}.accounts.${n}`, "accounts", [m.account]),
          ...rules(`${where}.accounts.${n}`, m),
          ...resources(`${where}.accounts.${n}`, m.limits),
        ]),
        ...twice(mine).map((n) => `${where}.accounts: "${n}" is there twice`),
        ...(usual === undefined || mine.includes(usual)
          ? []
          : [`${where}.defaultAccount = "${usual}": must be one of its accounts`]),
      ];
    }),
  ];
}

const names = (all: { name: string }[]): string[] => all.map(({ name }) => name);
const twice = (all: string[]): string[] => [
  ...new Set(all.filter((one, i) => all.indexOf(one) < i)),
];

/** Resources that slurm.conf has counted besides. */
const tracked = (options: Options): string[] =>
  Object.entries(options).flatMap(([key, value]) =>
    key.toLowerCase() === "accountingstoragetres" ? value.toLowerCase().split(",") : [],
  );

/** Circles of parents, each once. */
function cycles(all: Accounts["accounts"]): string[] {
  const own = all.filter(({ name }) => name !== ROOT);
  const parents = new Map(own.map(({ name, parent }) => [name, parent]));
  const found = own.flatMap(({ name }) => {
    const way = [name];
    for (let up = parents.get(name); up !== undefined && !way.includes(up); up = parents.get(up)) {
      way.push(up);
    }
    return parents.get(way.at(-1) ?? "") === name ? [way.sort().join(", ")] : [];
  });
  return [...new Set(found)];
}
