import { asList, type Accounting, type Values } from "./accounting";
import { type Accounts, NORMAL, ROOT } from "./accounts";
import { ASSOCIATION_LIMITS, limitSet, type Limits, QOS_LIMITS } from "./limits";

/** One command of sacctmgr. */
export interface Step {
  /** What follows `sacctmgr -i`. */
  command: string[];
  /** What it takes away, in words: slurmdbd refuses that while it has jobs. */
  removes?: string;
  /** Only while no job has this QOS: slurmdbd does not look, and the jobs would never run (22.05, seen). */
  unusedQos?: string;
}

/** What is told to have none of something. By sacctmgr's own words, tried with 22.05. */
const NONE: Record<string, string> = { QOS: "", DefaultQOS: "-1", Flags: "-1", Preempt: "" };
const LIMITS = new Set([...ASSOCIATION_LIMITS, ...QOS_LIMITS]);

/**
 * What sacctmgr has to be told so that slurmdbd has what is wanted: pure. What is named in the config is as the config
 * says, and as it is without a word where that says nothing; what is not named stays, unless `exclusive`. In an order in
 * which each step finds what it needs; cut off anywhere, the rest is found by the next look.
 */
export function planAccounts(cluster: string, wanted: Accounts, now: Accounting): Step[] {
  return [
    ...planQos(wanted, now),
    ...planTree(cluster, wanted, now),
    ...wanted.users.flatMap((user) => planUser(cluster, user, now)),
    ...(wanted.exclusive ? planRemovals(cluster, wanted, now) : []),
  ];
}

function planQos(wanted: Accounts, now: Accounting): Step[] {
  const values = (q: Accounts["qos"][number]): Values => ({
    Priority: q.priority,
    Flags: asList(q.flags),
    Preempt: asList(q.preempt),
    ...limits(QOS_LIMITS, q.limits),
  });
  return [
    // All of them before one names another.
    ...wanted.qos
      .filter(({ name }) => !now.qos.has(name))
      .map(({ name }) => ({ command: ["add", "qos", `name=${name}`] })),
    ...wanted.qos.flatMap((q) => {
      const set = changes(now.qos.get(q.name) ?? { Priority: "0" }, values(q));
      return modify(["qos", "where", `name=${q.name}`], set);
    }),
  ];
}

function planTree(cluster: string, wanted: Accounts, now: Accounting): Step[] {
  return topDown(wanted.accounts).flatMap((account) => {
    const { name, parent, description = name, organization = name } = account;
    const values = {
      // slurmdbd makes capitals small.
      description: small(description),
      organization: small(organization),
      ...association(account),
    };
    const there = now.accounts.get(name);
    const at = [`name=${name}`, `cluster=${cluster}`];
    if (!there) {
      const set = changes({ Fairshare: "1" }, values);
      return [{ command: ["add", "account", ...at, `parent=${parent}`, ...set] }];
    }
    const moved = there.parent === parent ? [] : [`parent=${parent}`];
    return modify(["account", "where", ...at], [...moved, ...changes(there.values, values)]);
  });
}

function planUser(cluster: string, user: Accounts["users"][number], now: Accounting): Step[] {
  const { name, adminLevel } = user;
  // The first account that a new user gets is his default.
  const first = user.accounts[0]?.account ?? "";
  const known = now.users.get(name) ?? { defaultAccount: first, adminLevel: "none" };
  const usual = user.defaultAccount ?? first;
  const set = [
    ...(known.defaultAccount === usual ? [] : [`defaultaccount=${usual}`]),
    ...(known.adminLevel === adminLevel ? [] : [`adminlevel=${adminLevel}`]),
  ];
  return [
    ...user.accounts.flatMap((membership): Step[] => {
      const { account } = membership;
      const there = now.members.find(
        (m) => m.user === name && m.account === account && m.partition === "",
      );
      const at = [`name=${name}`, `account=${account}`, `cluster=${cluster}`];
      const values = association(membership);
      return there
        ? modify(["user", "where", ...at], changes(there.values, values))
        : [{ command: ["add", "user", ...at, ...changes({ Fairshare: "1" }, values)] }];
    }),
    ...modify(["user", "where", `name=${name}`, `cluster=${cluster}`], set),
  ];
}

function planRemovals(cluster: string, wanted: Accounts, now: Accounting): Step[] {
  const remove = (what: string, at: string[], removes: string): Step => ({
    command: ["delete", what, "where", ...at],
    removes,
  });
  const wantedUsers = new Map(
    wanted.users.map((u) => [u.name, u.accounts.map(({ account }) => account)]),
  );
  const goes = ([name]: readonly [string, unknown]) => name !== ROOT && !wantedUsers.has(name);
  const has = (all: { name: string }[], name: string) => all.some((one) => one.name === name);
  return [
    ...[...now.users]
      .filter(goes)
      .map(([name]) => remove("user", [`name=${name}`], `user ${name}`)),
    ...now.members.flatMap(({ user, account, partition }) => {
      const mine = wantedUsers.get(user);
      if (!mine || (mine.includes(account) && partition === "")) return [];
      const at = [`name=${user}`, `account=${account}`, `cluster=${cluster}`];
      const where = partition === "" ? "" : ` (partition ${partition})`;
      const of = partition === "" ? [] : [`partition=${partition}`];
      return [remove("user", [...at, ...of], `user ${user} in ${account}${where}`)];
    }),
    ...topDown([...now.accounts].map(([name, { parent }]) => ({ name, parent })))
      .filter(({ name }) => name !== ROOT && !has(wanted.accounts, name))
      .reverse()
      .map(({ name }) =>
        remove("account", [`name=${name}`, `cluster=${cluster}`], `account ${name}`),
      ),
    ...[...now.qos.keys()]
      .filter((name) => name !== NORMAL && !has(wanted.qos, name))
      .map((name) => ({ ...remove("qos", [`name=${name}`], `QOS ${name}`), unusedQos: name })),
  ];
}

/** Of an association. */
const association = (
  a: Omit<Accounts["users"][number]["accounts"][number], "account">,
): Values => ({
  Fairshare: a.fairshare,
  DefaultQOS: a.defaultQos ?? "",
  QOS: asList(a.qos ?? []),
  ...limits(ASSOCIATION_LIMITS, a.limits),
});

const limits = (names: readonly string[], given: Limits): Values =>
  Object.fromEntries(names.map((name) => [name, given[name] ?? ""]));

/** Words for what is to be another. */
function changes(now: Values, wanted: Values): string[] {
  return Object.entries(wanted).flatMap(([key, value]) => {
    const is = now[key] ?? "";
    if (is === value) return [];
    if (LIMITS.has(key)) return [`${key}=${limitSet(is, value)}`];
    return [`${key}=${value === "" ? (NONE[key] ?? "") : value}`];
  });
}

const modify = (what: string[], set: string[]): Step[] =>
  set.length === 0 ? [] : [{ command: ["modify", ...what, "set", ...set] }];

/** Parents before their children, else in the given order. */
function topDown<T extends { name: string; parent: string }>(all: T[]): T[] {
  const depth = (one: T | undefined): number =>
    one === undefined ? 0 : 1 + depth(all.find(({ name }) => name === one.parent));
  return all
    .map((one) => ({ one, rank: depth(one) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ one }) => one);
}

/** As slurmdbd does it: letters of ASCII only. */
const small = (text: string): string => text.replaceAll(/[A-Z]+/g, (word) => word.toLowerCase());

/** A step in words, for who asks before it is done. */
export const describeStep = ({ command }: Step): string =>
  command.map((word) => (/\s/.test(word) ? `"${word}"` : word)).join(" ");
