import { z } from "zod";
import type { MachineAddress } from "../../lib/machines";

/** What of all machines' logs is kept: `monitor.logs`. */
export const logsSchema = z
  .strictObject({
    /** How long lines are kept, days. Default 30. */
    retentionDays: z.int().min(1).max(3650).default(30),
    /**
     * How much disk they may take, GiB: the oldest day goes first; the last two days stay whatever they take. Default 5.
     */
    retentionGiB: z.int().min(1).default(5),
  })
  .prefault({});

/** Free disk below which the store takes no more lines, bytes: nothing else on the machine comes to a stop for them. */
export const LEAST_FREE_BYTES = 2 ** 30;
/** Where the store listens on its own machine: nobody from outside reaches it there. */
export const STORE_PORT = 9428;
/** Owner of the certificate by which the stores know the machines that may write to them. */
export const LOG_WRITER = "log-writer";

/** How the machines of a site send what they log. */
export interface LogShipping {
  /** The monitor's machines. */
  stores: Pick<MachineAddress, "name" | "address">[];
  port: number;
  /** Certificate and key (PEM) of who may write, with the site's CA. Secret. */
  certificate: string;
}

/**
 * What a machine is told of it; the argument_specs of role `logs` describe it. @param files logs that programs write to a
 * file, by the unit that writes it
 */
export const shippingVars = (
  { stores, port, certificate }: LogShipping,
  files: Record<string, string> = {},
): Record<string, unknown> => ({
  stores: Object.fromEntries(stores.map(({ name, address }) => [name, address])),
  port,
  certificate,
  files,
});
