if [ -n "$check" ]; then
    for unit in munge slurmd; do
        systemctl -q is-active $unit || echo "$unit is not active" >>"$changes"
    done
    [ ! -e "$unread" ] || echo "a change of it was cut off" >>"$changes"
    cat "$changes"
    exit
fi

systemctl daemon-reload
systemctl enable -q munge slurmd
# slurmd asks munge by the key that it was started with.
! changed /etc/munge/munge.key || systemctl restart munge
! changed '/etc/munge/munge.key|/etc/default/slurmd|/etc/systemd/system/slurmd.service' || systemctl restart slurmd
systemctl start munge slurmd
rm -f "$unread"
tries=60
until state=$(sinfo -h -n "$name" -o %T 2>/dev/null | sort -u) && echo "$state" | grep -qE '^(idle|mixed|allocated|completing|drain(ed|ing))$'; do
    tries=$((tries - 1))
    if [ $tries = 0 ]; then
        echo "$name is configured, and cluster $CLUSTER does not count on it (${state:-nobody answers}): journalctl -u slurmd. It must be let in: $PORTS" >&2
        exit 1
    fi
    sleep 1
done
echo "$name is a node of cluster $CLUSTER: $(grep -c . "$changes" || true) files changed"
