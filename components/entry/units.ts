export const HAPROXY = "haproxy";
/** Lets go of the VIPs where HAProxy hangs. */
export const HAPROXY_WATCH = "haproxy-watch";
