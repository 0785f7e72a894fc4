/** Units that several tiers have; those of one are in its folder. */

/** Holds the VIPs of its tier. */
export const KEEPALIVED = "keepalived";
/** Proves to Slurm who somebody is. */
export const MUNGE = "munge";
/** Tells how a machine is: on web nodes always, on all others where there is a monitor. */
export const NODE_EXPORTER = "prometheus-node-exporter";
/** Tells the numbers of a program of its machine. */
export const exporterUnit = (name: string): string => `prometheus-${name}-exporter`;
