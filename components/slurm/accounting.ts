import { ASSOCIATION_LIMITS, limitShown, QOS_LIMITS } from "./limits";

/** What slurmdbd keeps of an association by the names that sacctmgr has for it; "" where it says nothing. */
export type Values = Record<string, string>;

/** What slurmdbd knows of the cluster. */
export interface Accounting {
  qos: Map<string, Values>;
  /** By name; what is set on it, and not what it has from above. */
  accounts: Map<string, { parent: string; values: Values }>;
  users: Map<string, { adminLevel: string; defaultAccount: string }>;
  /** Users in accounts. */
  members: { user: string; account: string; partition: string; values: Values }[];
}

const ASSOCIATION = ["Fairshare", "DefaultQOS", "QOS", ...ASSOCIATION_LIMITS];
const QOS = ["Priority", "Flags", "Preempt", ...QOS_LIMITS];

/**
 * What sacctmgr is asked, part by part. Descriptions come last: they may have what parts the others.
 * @returns arguments of sacctmgr, by the name of the part
 */
export const questions = (cluster: string): Record<string, string[]> => ({
  qos: ["show", "qos", `format=Name,${QOS.join(",")}`],
  // wopl: without what is inherited.
  associations: [
    ...["show", "associations", "wopl", `cluster=${cluster}`],
    `format=Account,User,Partition,ParentName,${ASSOCIATION.join(",")}`,
  ],
  users: ["show", "user", "format=User,AdminLevel,DefaultAccount"],
  accounts: ["show", "account", "format=Account,Organization,Description"],
});

/** Reads the answers. @returns undefined when slurmdbd does not know the cluster: its slurmctld has not told it yet */
export function readAccounting(parts: Record<string, string>): Accounting | undefined {
  const rows = (part: string) =>
    (parts[part] ?? "")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => line.split("|"));
  const texts = new Map(
    rows("accounts").map(([name = "", organization = "", ...description]) => [
      name,
      { organization, description: description.join("|") },
    ]),
  );
  const found: Accounting = {
    qos: new Map(rows("qos").map(([name = "", ...shown]) => [name, valuesOf(QOS, shown)])),
    accounts: new Map(),
    users: new Map(
      rows("users").map(([name = "", adminLevel = "", defaultAccount = ""]) => [
        name,
        { adminLevel: adminLevel.toLowerCase(), defaultAccount },
      ]),
    ),
    members: [],
  };
  for (const [account = "", user = "", partition = "", parent = "", ...shown] of rows(
    "associations",
  )) {
    const values = valuesOf(ASSOCIATION, shown);
    if (user !== "") found.members.push({ user, account, partition, values });
    else found.accounts.set(account, { parent, values: { ...values, ...texts.get(account) } });
  }
  return found.accounts.size === 0 ? undefined : found;
}

const valuesOf = (names: string[], shown: string[]): Values =>
  Object.fromEntries(names.map((name, i) => [name, valueOf(name, shown[i] ?? "")]));

const LISTS = ["QOS", "Flags", "Preempt"];
const valueOf = (name: string, shown: string): string =>
  LISTS.includes(name) ? asList(shown.split(",")) : limitShown(name, shown);

/** A list whose order says nothing. */
export const asList = (all: readonly string[]): string => [...all].sort().join(",");
