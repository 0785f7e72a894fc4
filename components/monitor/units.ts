export const PROMETHEUS = "prometheus";
/** Decides who is told of what. */
export const ALERTMANAGER = "prometheus-alertmanager";
/** Asks the entry as users do. */
export const BLACKBOX = "prometheus-blackbox-exporter";
