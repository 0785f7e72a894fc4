/** Units that several tiers have; those of one are in its folder. */

/** Holds the VIPs of its tier. */
export const KEEPALIVED = "keepalived";
/** Proves to Slurm who somebody is. */
export const MUNGE = "munge";
