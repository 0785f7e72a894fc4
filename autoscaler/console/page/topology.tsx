import type { Decision } from "../../model";
import type { ShownStatus } from "../wire";
import { useLocale } from "./locale";
import { type Health, Mark, Panel } from "./parts";
import { loadOf, type Role, type Seen, seen } from "./roles";

/** Tiers in the order of a request's way; others follow. */
const ORDER = ["entry", "web", "redis", "galera", "controllers", "compute", "share", "login"];

interface TopologyProps {
  status?: ShownStatus;
  decision?: Decision;
  pool: string[];
}

/** All machines by tier, with their health and roles. */
export function Topology({ status, decision, pool }: TopologyProps) {
  const { t } = useLocale();
  const tiers = [...new Set([...ORDER, ...(status?.machines.map((m) => m.tier) ?? [])])];
  const bare = pool.map((name): Seen => ({
    name,
    address: "",
    health: "unknown",
    roles: loadOf(name, decision, t),
  }));
  return (
    <Panel id="topology" title={t.topology}>
      {status === undefined ? (
        <>
          <p class="empty">{t.noStatus}</p>
          <Tier name={t.tiers["web"] ?? "web"} machines={bare} />
        </>
      ) : (
        <>
          <Findings findings={status.findings} />
          <div class="tiers">
            {tiers.map((tier) => {
              const machines = seen(status, tier, decision, t);
              return (
                machines.length > 0 && (
                  <Tier key={tier} name={t.tiers[tier] ?? tier} machines={machines} />
                )
              );
            })}
          </div>
        </>
      )}
    </Panel>
  );
}

const Tier = ({ name, machines }: { name: string; machines: Seen[] }) => {
  const { t } = useLocale();
  return (
    <section class="tier">
      <h3>
        {name} <span>{machines.length}</span>
      </h3>
      <ul>
        {machines.map((machine) => (
          <li key={machine.name}>
            <Mark health={machine.health} label={t.healths[machine.health]} />
            <span class="name" title={machine.address}>
              {machine.name}
            </span>
            <span class="roles">
              {machine.why !== undefined && <RoleTag text={machine.why} health={machine.health} />}
              {machine.roles.map((role) => (
                <RoleTag key={role.text} {...role} />
              ))}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
};

const RoleTag = ({ text, health }: Role) => <span class={`role ${health ?? ""}`}>{text}</span>;

const SEVERITIES: Record<ShownStatus["findings"][number]["severity"], Health> = {
  down: "bad",
  reduced: "warn",
  unknown: "unknown",
};

function Findings({ findings }: Pick<ShownStatus, "findings">) {
  const { t } = useLocale();
  if (findings.length === 0) return null;
  return (
    <ul class="findings">
      {findings.map(({ severity, what, mend }) => (
        <li key={what}>
          <Mark health={SEVERITIES[severity]} label={t.verdicts[severity]} />
          <div lang="en">
            <p>{what}</p>
            {mend !== undefined && <code>{mend}</code>}
          </div>
        </li>
      ))}
    </ul>
  );
}
