/** What a HAProxy node that is to be taken away runs before, as shell text: the other one has the VIPs, and keeps them. */
export const HAND_OVER = "haproxy-handover; systemctl stop keepalived";
