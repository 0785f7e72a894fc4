export const PROMETHEUS = "prometheus";
/** Decides who is told of what. */
export const ALERTMANAGER = "prometheus-alertmanager";
