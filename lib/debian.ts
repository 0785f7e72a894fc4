/** Debian's release on all machines, and in which their services are built. */
export const SUITE = "bookworm";
