import { anyOf, type RuleGround } from "./rule";

/** A series that Prometheus computes and keeps beside what it asks for; `npx hpc report` reads it. */
export interface Recorded {
  record: string;
  /** PromQL. Where it is not known it must have no answer, rather than one that is a guess. */
  expr: string;
  labels?: Record<string, string>;
}

/** 1: a promised service was there, 0: it was not; none: nobody knows. */
export const SERVICE_UP = "service:up";
/** Who held what only one may hold. */
export const HELD_BY = "service:held_by";
/** How many web nodes HAProxy had, whether they were well or not. */
export const WEB_NODES = "service:web_nodes";

/** Services besides those of the web, which have their own names: none of these can be the name of one. */
export const WEB_ENTRY = "web entry";
export const SBATCH = "Slurm (sbatch)";
export const SESSIONS = "Redis (data VIP)";
export const SQL = "SQL (data VIP)";

/**
 * Who hears nobody does not know whether the site is down or it is cut off itself. Web nodes come and go, and the other one
 * who watches may be cut off too.
 */
const HEARD = 'on () (count(up{job="node", tier!~"web|monitor"} == 1) > 0)';
/** Age from which on what controllers have written says nothing of now, s: three questions of 8 s each, and two timers. */
const STALE = 90;
/** 0 where all that is known is that it is nobody. */
const nobody = (selector: string): string => `(max(${selector}) == 0)`;
const CODE = 'probe_http_status_code{service!=""}';

/** What is promised, and what moves; each rule of it is judged at each look. */
export function recorded({ services }: Pick<RuleGround, "services">): Recorded[] {
  const up = (service: string, expr: string): Recorded => ({
    record: SERVICE_UP,
    labels: { service },
    expr: `(${expr}) and ${HEARD}`,
  });
  const held = (what: string, expr: string): Recorded => ({
    record: HELD_BY,
    labels: { what },
    expr: `max by (instance) (${expr}) == 1`,
  });
  const slots = `haproxy_server_status{proxy=~"${anyOf(services)}", state="UP"}`;
  return [
    // Somebody answered, whatever it was.
    up(WEB_ENTRY, `max(${CODE} > bool 0)`),
    {
      record: SERVICE_UP,
      expr: `max by (service) ((${CODE} > bool 0) * (${CODE} < bool 500)) and ${HEARD}`,
    },
    // A controller that is there and has said nothing for long leaves it open; where none is there, it is down.
    up(
      SBATCH,
      `max(slurm_ha_reached and on (instance) (time() - node_textfile_mtime_seconds{file=~".*/sbatch.prom"} < ${STALE})) ` +
        `or on () ${nobody('up{job="node", tier="controllers"}')}`,
    ),
    up(SESSIONS, 'max(probe_success{job="sessions"})'),
    // As who holds the VIP has it, whose check logs in. Not asked from here: MariaDB logs whoever leaves without a login.
    up(
      SQL,
      'max((vip_held{vip="data"} == 1) * on (instance) (sum by (instance) ' +
        '(haproxy_backend_active_servers{proxy="galera"} + haproxy_backend_backup_servers{proxy="galera"}) > bool 0)) ' +
        `or on () ${nobody('vip_held{vip="data"}')} or on () ${nobody('up{job="node", tier="entry"}')}`,
    ),
    held("slurmctld", "slurm_ha_slurmctld_here"),
    held("web VIP", 'vip_held{vip="web"}'),
    held("data VIP", 'vip_held{vip="data"}'),
    held("Redis master", 'redis_instance_info{role="master"}'),
    { record: WEB_NODES, expr: `max(count by (proxy, instance) (${slots}))` },
  ];
}
