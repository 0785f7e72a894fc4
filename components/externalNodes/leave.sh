# What follows is the same for every cluster: this machine is no node of it any more. Words: a directory is the root of a test.
set -eu
root=${1:-}
state=$root/var/lib/hpc-ha
if [ ! -e "$state/cluster" ]; then
    echo "nothing of the cluster is here"
    exit
fi
if [ "$(cat "$state/cluster")" != "$IDENTITY" ]; then
    echo "it is of cluster $(cat "$state/cluster") by now, and left alone"
    exit
fi
systemctl -q disable --now slurmd
for firewall in ufw firewalld nft; do "forget_$firewall"; done
new=$(mktemp "$root/etc/.new.XXXXXX")
sed "/^# BEGIN cluster $CLUSTER\$/,/^# END cluster $CLUSTER\$/d" "$root/etc/hosts" >"$new"
if cmp -s "$new" "$root/etc/hosts"; then rm "$new"; else chmod 0644 "$new" && mv "$new" "$root/etc/hosts"; fi
while read -r file; do
    # Its owner's, from before it joined.
    if [ -e "$state/before$file" ]; then cp -p "$state/before$file" "$root$file"; else rm -f "$root$file"; fi
done <"$state/written"
rmdir "$root/etc/hpc-ha" 2>/dev/null || true
systemctl daemon-reload
if [ -e "$root/etc/munge/munge.key" ]; then systemctl try-restart munge; else systemctl -q disable --now munge; fi
# Last: a run that is cut off goes on with the next.
rm -rf "$state/before" "$state/written" "$state/unread" "$state/firewall" "$state/cluster"
rmdir "$state" 2>/dev/null || true
echo "left the cluster"
