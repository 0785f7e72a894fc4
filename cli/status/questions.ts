import { ADMIN_SOCKET } from "../../haproxy/node";
import { HEALTH_SCRIPT } from "../health";
import type { PublicOutputs } from "../stack";

/** Longest time for the questions of one part, s: what hangs must not hold back what the others said. */
const EACH = 1;
/** Begins a part of an answer: what follows is what was asked under this name. */
export const MARK = "==> ";

/** A part of a script; its commands' errors are no answer. */
const part = (name: string, command: string) =>
  `echo '${MARK}${name}'; timeout ${EACH} sh -c ${quote(command)} 2>/dev/null`;
const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** redis-cli with the password from the machine's own file, which is in no process list; then arguments. */
const redisCli = (file: string) => {
  const value = (key: string) => `$(sed -n "s/^${key} //p" ${file} | tr -d '"')`;
  return (
    `REDISCLI_AUTH=${value("requirepass")} ` +
    `redis-cli --tls --cacert ${value("tls-ca-cert-file")} -p ${value("tls-port")}`
  );
};
const SITE = "/etc/redis/site.conf";
const SENTINEL = "/etc/redis/sentinel.conf";
/** What Redis says of its replication. */
export const REPLICATION = `${redisCli(SITE)} info replication`;

const GALERA = ["cluster_size", "cluster_status", "local_state_comment", "ready"]
  .map((name) => `'wsrep_${name}'`)
  .join(",");

const admin = (commands: string) => `echo '${commands}' | socat -t ${EACH} - ${ADMIN_SOCKET}`;

/** What a machine of a role is asked, as one shell script that only reads. */
export function questions(role: string, { vips }: Pick<PublicOutputs, "vips">): string {
  const own: Record<string, string[]> = {
    controllers: [
      // Without the VIP slurmctld is another machine's, which says the same.
      `if ip -o -4 address | grep -qF ' ${vips.slurm}/'; then ` +
        `${part("slurm", "scontrol ping; squeue -h -o 'job %T'; sinfo -h -N -o 'node %N %T %u %E'")}; fi`,
      // Why this machine is not fit, in slurm-ha's words; it repeats them every few seconds.
      `if ! systemctl -q is-active slurm-watch || systemctl -q is-failed slurmctld; then ` +
        `${part("unfit", "journalctl -q -u slurm-watch -u slurmctld --since=-1min -n 60 -o cat | grep '^slurm-ha: '")}; fi`,
    ],
    redis: [
      part("replication", REPLICATION),
      part(
        "quorum",
        `printf 'SENTINEL CKQUORUM %s\\nINFO sentinel\\n' $(sed -n "s/^sentinel monitor \\([^ ]*\\) .*/\\1/p" ${SENTINEL}) | ${redisCli(SENTINEL)}`,
      ),
    ],
    galera: [
      part("galera", `mariadb -BN -e "SHOW GLOBAL STATUS WHERE Variable_name IN (${GALERA})"`),
    ],
    entry: [
      part("state", admin("show servers state; show stat -1 7 -1")),
      part("redis", admin("show table redis")),
      part("galera", admin("show table galera")),
    ],
  };
  return [HEALTH_SCRIPT, ...(own[role] ?? [])].join("\n");
}

/** The parts of an answer by name. */
export function partsOf(text: string): Map<string, string> {
  const parts = text.split(new RegExp(`^${MARK}`, "m")).slice(1);
  return new Map(
    parts.map((p) => {
      const end = p.indexOf("\n");
      return end < 0 ? [p, ""] : [p.slice(0, end), p.slice(end + 1).trim()];
    }),
  );
}
