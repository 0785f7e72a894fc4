/** Unit of a service on a web node. */
export const webUnit = (service: string): string => `hpc-web@${service}`;

/** Unit of what tells the load of a node. */
export const NODE_EXPORTER = "prometheus-node-exporter";
