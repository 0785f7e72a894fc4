import { keptConnections } from "../../site/connections";
import { MARK, quote } from "../../components/look";
import { ADMIN_SOCKET } from "../../haproxy/node";
import { Machines } from "../../lib/machines";
import type { SshAccess } from "../../lib/ssh";
import type { Site } from "./site";

/** Runs a program for bash on a machine. Rejects when it does not answer. */
export type Asker = (machine: string, script: string) => Promise<string>;

/** Name of HAProxy's own part of an answer; those of web nodes have the nodes' names. */
const HAPROXY = "haproxy";
/** Longest wait for a web node, s. It answers in milliseconds. */
const NODE_SECONDS = 2;
/** Longest wait for HAProxy's socket, s. */
const SOCKET_SECONDS = 4;
/** Longest time of all of it with the connection, s. */
const LOOK_SECONDS = 12;
/** What is read of a node's metrics. */
const METRICS = "^node_(cpu_seconds_total|time_seconds|textfile_mtime_seconds)[ {]";

/** By ssh, over a connection that is kept from look to look. */
export function overSsh(nodes: { name: string; address: string }[], ssh: SshAccess): Asker {
  const all = nodes.map((node) => ({ ...node, tier: "" }));
  const machines = new Machines(all, ssh, keptConnections());
  return (machine, script) => machines.run(machine, `bash -c ${quote(script)}`, LOOK_SECONDS);
}

/**
 * A program for bash on a HAProxy node: what HAProxy says, and the CPU counters of all web nodes, who are asked at the
 * same time. Empty slots are left out: there are as many as the pool may ever have nodes. The largest values begin anew
 * with each question ("clear counters" leaves the counters as they are): else nobody would see what comes and goes between two.
 */
export const question = ({ web, nodeExporterPort }: Site): string => `
nodes=(${web.map(({ name, address }) => `${name}=${address}`).join(" ")})
for node in "\${nodes[@]}"; do
  exec {answer}< <(curl -sf -m ${NODE_SECONDS} "http://\${node#*=}:${nodeExporterPort}/metrics" | grep -E '${METRICS}')
  answers+=("$answer")
done
printf '\\n%s\\n' '${MARK}${HAPROXY}'
echo 'show info; show stat -1 6 -1 no-maint; clear counters' | socat -t ${SOCKET_SECONDS} - ${ADMIN_SOCKET} 2>&1
for i in "\${!nodes[@]}"; do
  printf '\\n%s\\n' "${MARK}\${nodes[i]%%=*}"
  cat <&"\${answers[i]}"
done
printf '\\n%s\\n' '${MARK}end'`;

/** The parts of an answer: HAProxy's, and those of web nodes by name. */
export function parts(answer: string): { haproxy: string; nodes: Record<string, string> } {
  const [, ...all] = `\n${answer}`.split(`\n${MARK}`);
  const { [HAPROXY]: haproxy = "", ...nodes } = Object.fromEntries(
    all.map((part) => {
      const end = part.search(/\n|$/);
      return [part.slice(0, end), part.slice(end + 1)] as const;
    }),
  );
  return { haproxy, nodes };
}
