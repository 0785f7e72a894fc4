import * as yaml from "js-yaml";
import { recorded } from "./availability";
import { entryRules } from "./entry";
import { galeraRules } from "./galera";
import { httpsRules } from "./https";
import { hypervisorRules } from "./hypervisors";
import { logRules } from "./logs";
import { machineRules } from "./machines";
import { ownRules } from "./own";
import { redisRules } from "./redis";
import { type AlertRule, type RuleGround } from "./rule";
import { slurmRules } from "./slurm";

export type { AlertRule, RuleGround } from "./rule";

/** All rules, by what they are about. */
export const ruleGroups = (ground: RuleGround): Record<string, AlertRule[]> => ({
  machines: machineRules(),
  slurm: slurmRules(),
  entry: entryRules(ground),
  https: httpsRules(),
  galera: galeraRules(),
  redis: redisRules(),
  logs: logRules(),
  ...(ground.hypervisors === true && { hypervisors: hypervisorRules() }),
  monitor: ownRules(ground),
});

/** rules.yml. */
export const rulesFile = (ground: RuleGround): string =>
  yaml.dump({
    groups: [
      { name: "availability", rules: recorded(ground) },
      ...Object.entries(ruleGroups(ground)).map(([name, rules]) => ({
        name,
        rules: rules.map(({ alert, expr, for: wait, severity, ...annotations }) => ({
          alert,
          expr,
          for: wait,
          labels: { severity },
          annotations,
        })),
      })),
    ],
  });
