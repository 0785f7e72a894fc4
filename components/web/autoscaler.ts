import { Cron } from "croner";
import { z } from "zod";
import { addressAt, inSubnet } from "../../plan/addresses";
import { seconds } from "../../plan/config";
import { mailKeys, receiverUrl } from "../../plan/receivers";

const share = z.number().gt(0).max(1);

const entry = z.strictObject({
  /** Cron expression, five fields: when it begins to hold. It holds until the next entry's time. */
  cron: z.string().min(1),
  /** The pool is not smaller. Either this or `size`. */
  floor: z.int().min(1).optional(),
  /** The pool is exactly so large, whatever the load. */
  size: z.int().min(1).optional(),
});

/** How the pool's size follows load and time: `autoscaler`. Figures without another source are the owner's. */
export const autoscalerSchema = z
  .strictObject({
    /** The autoscaler owns the size; `webReplicas` is that of a new site only. Default: no, config rules. */
    enabled: z.boolean().default(false),
    /** Between two looks, s. Default 30. */
    everySeconds: seconds.max(300).default(30),
    /** Goals for each serving web node: the pool grows until all are met. */
    goals: z
      .strictObject({
        /** Sessions in the backend that has most. Default 500. */
        connections: z.number().positive().default(500),
        /** Requests that wait in a backend; above it one node more at once. Default 20. */
        queue: z.number().min(0).default(20),
        /** Busy share of the processors, the mean of the pool. Default 0.7. */
        cpu: share.default(0.7),
        /** The pool does not change for deviations below this share of a goal. Default 0.1: as Kubernetes has it. */
        tolerance: z.number().min(0).max(0.5).default(0.1),
      })
      .prefault({}),
    /** When it may shrink. */
    scaleIn: z
      .strictObject({
        /** Only below so many sessions for each serving web node in every backend. Default 50. */
        connections: z.number().positive().default(50),
        /** Only what was asked for during all of this time, s. Default 300: as Kubernetes has it. */
        windowSeconds: seconds.default(300),
        /** At most `nodes` within `perSeconds`. Default 1 in 300 s. */
        nodes: z.int().min(1).default(1),
        perSeconds: seconds.default(300),
      })
      .prefault({}),
    /** After a change nothing for so long, s, except that overload grows the pool. Default 60. */
    cooldownSeconds: z.number().min(0).default(60),
    /** Numbers older than this count as missing, s. Default 90: three looks. */
    staleSeconds: seconds.default(90),
    /** IANA time zone of the schedule. Default Asia/Seoul. */
    timeZone: z.string().default("Asia/Seoul"),
    /** By time of day. Default: none. */
    schedule: z.array(entry).default([]),
    /** Days (YYYY-MM-DD, in the time zone) on which the schedule does not hold: public holidays. Default: none. */
    exceptions: z.array(z.iso.date()).default([]),
    /** An update that takes longer is ended, s. Default 900. */
    updateSeconds: seconds.min(60).default(900),
    /** The image of new machines is built anew by a timer when it is older, days. Default: by a person only. */
    imageDays: z.int().min(1).max(365).optional(),
    /** Where alerts go. Default: nowhere but the log. */
    alerts: z
      .strictObject({
        /** Slack-compatible webhook; a secret. */
        webhook: receiverUrl.optional(),
        mail: z
          .strictObject({
            ...mailKeys,
            /** TLS from the first byte; otherwise STARTTLS where the server offers it. Default: no. */
            tls: z.boolean().default(false),
          })
          .optional(),
      })
      .prefault({}),
    /** The web page. */
    console: z
      .strictObject({
        /** Address of the management machine that it listens on, in the site's subnet. Default: the first one. */
        address: z.ipv4().optional(),
        /** Default 8443. */
        port: z.int().min(1024).max(65535).default(8443),
      })
      .prefault({}),
  })
  .prefault({});

/** Validated, with all defaults. */
export type AutoscalerConfig = z.infer<typeof autoscalerSchema>;

/** Where the console is. */
export const consoleAddress = ({ console: { address } }: AutoscalerConfig, cidr: string): string =>
  address ?? addressAt(cidr, 1);

/** Rules that span keys. @param pool smallest and largest size of the web pool */
export function checkAutoscaler(
  { goals, scaleIn, timeZone, schedule, console: { address } }: AutoscalerConfig,
  { min, max }: { min: number; max: number },
  cidr: string | undefined,
): string[] {
  const faults: string[] = [];
  if (address !== undefined && cidr !== undefined && !inSubnet(address, cidr)) {
    faults.push(
      `autoscaler.console.address = "${address}": must be inside ${cidr}: the site's CA signs for no other`,
    );
  }
  if (scaleIn.connections >= goals.connections) {
    faults.push(
      `autoscaler.scaleIn.connections = ${scaleIn.connections}: must be below autoscaler.goals.connections = ${goals.connections}; ` +
        "the pool would grow and shrink by turns",
    );
  }
  const zone = zoneFault(timeZone);
  if (zone !== undefined) faults.push(zone);
  schedule.forEach(({ cron, floor, size }, i) => {
    const key = `autoscaler.schedule[${i}]`;
    if ((floor === undefined) === (size === undefined)) {
      faults.push(
        `${key}: ${floor === undefined ? "neither floor nor size" : "both floor and size"}; allowed is one of them`,
      );
    }
    for (const [name, n] of [
      ["floor", floor],
      ["size", size],
    ] as const) {
      if (n !== undefined && (n < min || n > max)) {
        faults.push(`${key}.${name} = ${n}: allowed is ${min} to ${max} (web.min, web.max)`);
      }
    }
    const fault = cronFault(cron);
    if (fault !== undefined) faults.push(`${key}.cron = "${cron}": ${fault}`);
  });
  return faults;
}

function zoneFault(zone: string): string | undefined {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return undefined;
  } catch {
    return `autoscaler.timeZone = "${zone}": no such time zone; allowed is a name of IANA, e.g. Asia/Seoul`;
  }
}

function cronFault(cron: string): string | undefined {
  if (cron.trim().split(/\s+/).length !== 5)
    return "five fields: minute, hour, day, month, day of the week";
  try {
    return new Cron(cron, { mode: "5-part" }).nextRun() === null ? "never comes" : undefined;
  } catch (error) {
    return (error as Error).message.replace(/^CronPattern: /, "");
  }
}
