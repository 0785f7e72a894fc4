export const PROMETHEUS = "prometheus";
/** Keeps the logs of all machines. */
export const LOG_STORE = "log-store";
/** Lets the machines of the site write to it, and nobody read. */
export const LOG_ENTRY = "log-entry";
/** Decides who is told of what. */
export const ALERTMANAGER = "prometheus-alertmanager";
/** Asks the entry as users do. */
export const BLACKBOX = "prometheus-blackbox-exporter";
