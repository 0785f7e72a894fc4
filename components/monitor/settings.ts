import { z } from "zod";
import { mailKeys, receiverUrl, relayFaults } from "../../plan/receivers";
import { logsSchema } from "./logs";

const exporterAt = z.string().refine((text) => {
  const [, port = ""] = /^(?:[\w-]+\.)*[\w-]+:(\d+)$/.exec(text) ?? [];
  return Number(port) >= 1 && Number(port) <= 65535;
}, "address:port of a node_exporter, e.g. 192.168.1.2:9100");

/** How the site is watched: `monitor`. There is one where `members.monitor` is not 0. */
export const monitorSchema = z
  .strictObject({
    /** How long metrics are kept, days. Default 30. */
    retentionDays: z.int().min(1).max(3650).default(30),
    /**
     * How much disk they may take, GiB: the oldest go first, so that a full disk ends neither the monitor nor anything
     * else. Default 8: 10,000 series every 15 s for 30 days take about 3, at the 1 to 2 bytes a sample that Prometheus
     * says of itself.
     */
    retentionGiB: z.int().min(1).default(8),
    logs: logsSchema,
    /**
     * Hypervisors that are watched too, by name: address and port of a node_exporter that their owner has installed. Nothing
     * is installed there. Default: none.
     */
    hypervisors: z.record(z.string(), exporterAt).default({}),
    /** Who is told. Default: nobody; the alerts are in `npx hpc status`. */
    alerts: z
      .strictObject({
        /** Slack-compatible webhook; a secret. */
        webhook: receiverUrl.optional(),
        /** Any URL: it gets Alertmanager's own JSON; a secret. */
        jsonWebhook: receiverUrl.optional(),
        mail: z
          .strictObject({
            ...mailKeys,
            /** Nothing is sent in the clear: STARTTLS is demanded; at port 465 TLS from the first byte. Default: yes. */
            tls: z.boolean().default(true),
          })
          .optional(),
      })
      .prefault({}),
  })
  .prefault({});

/** Validated, with all defaults. */
export type MonitorConfig = z.infer<typeof monitorSchema>;
/** Where each hypervisor tells how it is, by name. */
export type Hypervisors = MonitorConfig["hypervisors"];

/** Rules that span keys. @param diskGiB root disk of a machine of the monitor */
export function monitorFaults(
  { retentionGiB, logs, hypervisors, alerts: { mail } }: MonitorConfig,
  diskGiB: number,
): string[] {
  const faults = mail === undefined ? [] : relayFaults("monitor.alerts.mail", mail);
  for (const name of Object.keys(hypervisors)) {
    if (/^[A-Za-z][\w.-]*$/.test(name)) continue;
    faults.push(`monitor.hypervisors: the name "${name}": allowed are letters, digits, ., - and _`);
  }
  const room = diskGiB - SYSTEM_GIB;
  if (retentionGiB + logs.retentionGiB > room) {
    faults.push(
      `monitor.retentionGiB = ${retentionGiB} and monitor.logs.retentionGiB = ${logs.retentionGiB}: together at most ${room} fit sizes.monitor.diskGiB = ${diskGiB}; the system needs ${SYSTEM_GIB}`,
    );
  }
  return faults;
}

/** What a machine needs of its disk for everything else, and the newest two hours of metrics, which count to no limit, GiB. */
const SYSTEM_GIB = 6;
