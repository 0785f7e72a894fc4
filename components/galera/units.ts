export const MARIADB = "mariadb";
/** Tells over HTTP whether the node is synced. */
export const GALERA_CHECK = "galera-check";
