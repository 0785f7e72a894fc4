/** Units of the controllers besides those that several tiers have. */
export const SLURMCTLD = "slurmctld";
export const SLURMDBD = "slurmdbd";
/** Keeps the machine's fitness to hold the VIP. */
export const SLURM_WATCH = "slurm-watch";
/** Tries, twice a minute, whether the other controller could be switched off: fails when not. */
export const SLURM_FENCING = "slurm-fencing";
