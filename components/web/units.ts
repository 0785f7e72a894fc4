/** Unit of a service on a web node. */
export const webUnit = (service: string): string => `hpc-web@${service}`;
