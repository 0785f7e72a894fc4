/**
 * The order of the lab suite's files, the nightly ones too. What only asks and uses comes first, on the base state that is there; what
 * submits jobs comes early, since those that have ended make the fault suite, which follows, wait until they are
 * forgotten; what looks for secrets in all that was written comes last.
 */
export const ORDER = [
  "console",
  "security",
  "services",
  "idempotence",
  "encryption",
  "dataTier",
  "slurmSwitchover",
  "rollingRestart",
  "jobMail",
  "computeNodes",
  "externalNodes",
  "accounts",
  "users",
  "nodeLogin",
  "ldapUsers",
  "resubmitLost",
  "slurmRest",
  "galeraRecovery",
  "status",
  "lostWebNode",
  "scaling",
  "ownServices",
  "autoscaler",
  "monitor",
  "alerts",
  "monitorPair",
  "logLoad",
  "logs",
  "largeCluster",
  "interruption",
  "refusedConfig",
  "secrets",
];

/** Test files in that order; those that are not in the list come before its last one, by name. Pure. */
export function inOrder<T>(files: readonly T[], pathOf: (file: T) => string): T[] {
  const rank = (path: string) => {
    const name = (path.split("/").at(-1) ?? "").replace(/\.test\.ts$/, "");
    const known = ORDER.indexOf(name);
    return known >= 0 ? known : ORDER.length - 1.5;
  };
  return [...files].sort(
    (a, b) => rank(pathOf(a)) - rank(pathOf(b)) || pathOf(a).localeCompare(pathOf(b)),
  );
}
