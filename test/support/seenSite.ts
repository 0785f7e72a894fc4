/** Sites as their machines tell of them: captured answers, and what is seen when some are otherwise. */
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { evaluate } from "../../site/status/evaluate";
import type { Answer } from "../../site/status/silence";
import type { Slurm } from "../../components/controllers/look";
import type { Entry } from "../../components/entry/proxy";
import type { Galera } from "../../components/galera/look";
import type { Finding, Status } from "../../components/look";
import type { Redis } from "../../components/redis/look";
import { machinesOf, type SiteOutputs } from "../../plan/outputs";

/** Outputs of the lab that was captured; of its eight services two are kept. */
export const outputs: SiteOutputs = {
  addresses: {
    login: { client: "198.18.3.190" },
    galera: { galera1: "198.18.3.141", galera2: "198.18.3.142", galera3: "198.18.3.143" },
    entry: { haproxy1: "198.18.3.151", haproxy2: "198.18.3.152" },
    redis: { redis1: "198.18.3.131", redis2: "198.18.3.132", redis3: "198.18.3.133" },
    compute: { compute1: "198.18.3.161", compute2: "198.18.3.162" },
    controllers: { "slurm-m1": "198.18.3.10", "slurm-m2": "198.18.3.11" },
    web: { web1: "198.18.3.21", web2: "198.18.3.22" },
  },
  vips: { slurm: "198.18.3.100", web: "198.18.3.101", data: "198.18.3.102" },
  urls: { app: "https://198.18.3.101/app", websocket: "https://198.18.3.101/vnc" },
  services: {
    app: { port: 5174, healthPath: "/health", healthStatus: "200", checkSeconds: 0.8 },
    websocket: { port: 5011, healthPath: "/health", healthStatus: "200", checkSeconds: 0.8 },
  },
  webPool: { size: 2, min: 2, max: 3, drainSeconds: 8 },
  failoverPatience: 1,
  ssh: { user: "root", privateKeyFile: "key", knownHostsFile: "hosts" },
  inventoryFile: "inventory.yml",
  caFile: "ca.pem",
  portalUser: "admin",
};

/** What each machine answered, by name; null when it did not. */
export type Answers = Record<string, string | null>;
export function captured(name: string): Answers {
  const text = readFileSync(path.join(__dirname, "../unit/fixtures/status", `${name}.txt`), "utf8");
  const parts = text.split(/^@@ /m).slice(1);
  return Object.fromEntries(
    parts.map((part) => {
      const [, machine = "", silent, said = ""] =
        /^(\S+)( does not answer)?\n([^]*)$/.exec(part) ?? [];
      return [machine, silent === undefined ? said : null];
    }),
  );
}
export const healthy = captured("healthy");

/** How a person logs in to a machine. */
export const ssh = "ssh -i key -o IdentitiesOnly=yes -o UserKnownHostsFile=hosts";

/**
 * What is seen when some machines answer otherwise than on a whole site.
 * @param missing what some of them did not say
 */
export function see(
  changes: Answers = {},
  missing: Record<string, Answer["missing"]> = {},
  site = outputs,
): Status {
  const answers = { ...healthy, ...changes };
  return evaluate(
    "lab",
    site,
    machinesOf(site).map((machine) => {
      const text = answers[machine.name];
      const lack = missing[machine.name] ?? (text === null ? "dead" : undefined);
      return { machine, text: text ?? "", missing: lack };
    }),
  );
}
export const tiersOf = ({ tiers }: Status) =>
  tiers as { controllers: Slurm; redis: Redis; galera: Galera; entry: Entry };
export const changed = (machine: string, from: string | RegExp, to: string): Answers => ({
  [machine]: healthy[machine]?.replace(from, to) ?? null,
});
export const words = (findings: Finding[]) => findings.map((f) => `${f.severity}: ${f.what}`);
export const mends = (findings: Finding[]) => findings.map((f) => f.mend);
