# What follows is the same for every cluster.
#
# On the machine there must be: slurmd and munge of the cluster's version, its users with their ids, clocks in step. Its
# firewall lets in what is named at the end. A directory as the only word is the root of a test.
set -eu
root=${1:-}
refuse() {
    echo "$1. Nothing was changed." >&2
    exit 1
}

name=$(hostname -s)
address=$(echo "$NODES" | awk -v name="$name" '$1 == name { print $2 }')
[ -n "$address" ] || refuse "$name is no machine of slurm.nodeGroups (hosts) of cluster $CLUSTER"
ip -o -4 address | grep -qF " $address/" || refuse "the cluster knows $name by $address, which this machine does not have"
for program in slurmd munged; do
    command -v $program >/dev/null || refuse "there is no $program: install $PACKAGES"
done
version=$(slurmd -V | grep -oE '[0-9]+\.[0-9]+' | head -n 1)
[ "$version" = "$VERSION" ] || refuse "slurmd is of Slurm $version, and cluster $CLUSTER of $VERSION"
mark=$root/var/lib/hpc-ha/cluster
if [ -e "$mark" ] && [ "$(cat "$mark")" != "$IDENTITY" ]; then
    refuse "this machine is of cluster $(cat "$mark"), and this is for $IDENTITY: to move it remove $mark"
fi
other=$(sed -nE 's/^[^#]*--conf-server[ =]([^ "]+).*/\1/p' "$root/etc/default/slurmd" 2>/dev/null || true)
[ -z "$other" ] || [ "$other" = "$SERVER" ] || refuse "slurmd of this machine asks $other: it is of another cluster (/etc/default/slurmd)"
[ ! -e "$root/etc/slurm/slurm.conf" ] || refuse "there is a slurm.conf on this machine: nodes of $CLUSTER have theirs from the controller"
for script in $SCRIPTS; do
    [ -e "$root/etc/slurm/$script-site" ] || refuse "the cluster has a $script: bring it as /etc/slurm/$script-site, or the node is drained"
done

changes=$(mktemp)
trap 'rm -f "$changes"' EXIT
# write FILE MODE OWNER: what it is told, whole or not at all.
write() {
    new=$(mktemp "$(dirname "$1")/.new.XXXXXX")
    cat >"$new"
    if cmp -s "$new" "$1"; then
        rm "$new"
        return
    fi
    chown "$3" "$new"
    chmod "$2" "$new"
    mv "$new" "$1"
    echo "$1" >>"$changes"
}
mkdir -p "$root/var/lib/hpc-ha" "$root/etc/slurm" "$root/etc/munge" "$root/etc/default" "$root/etc/systemd/system"
# First: a run that is cut off has joined no two clusters.
echo "$IDENTITY" | write "$mark" 0644 root:root
echo "$KEY" | base64 -d | write "$root/etc/munge/munge.key" 0400 munge:munge
{
    sed "/^# BEGIN cluster $CLUSTER\$/,/^# END cluster $CLUSTER\$/d" "$root/etc/hosts"
    echo "# BEGIN cluster $CLUSTER"
    echo "$HOSTS" | awk -v name="$name" '$2 != name'
    echo "# END cluster $CLUSTER"
} | write "$root/etc/hosts" 0644 root:root
for script in prolog epilog; do
    [ -e "$root/etc/slurm/$script" ] || printf '#!/bin/sh\n' | write "$root/etc/slurm/$script" 0755 root:root
done
printf 'SLURMD_MOUNTS=""\nSLURMD_OPTIONS="-N %s --conf-server %s"\n' "$name" "$SERVER" | write "$root/etc/default/slurmd" 0644 root:root
echo "$UNIT" | base64 -d | write "$root/etc/systemd/system/slurmd.service" 0644 root:root
pmix=$root/usr/lib/x86_64-linux-gnu/pmix2/lib
# Debian's plugin opens it by the name that only the package for compilers has.
[ ! -e "$pmix/libpmix.so.2" ] || [ -e "$pmix/libpmix.so" ] || ln -s libpmix.so.2 "$pmix/libpmix.so"

systemctl daemon-reload
systemctl enable -q munge slurmd
[ ! -s "$changes" ] || systemctl restart munge slurmd
systemctl start munge slurmd
tries=60
until state=$(sinfo -h -n "$name" -o %T 2>/dev/null | sort -u) && echo "$state" | grep -qE '^(idle|mixed|allocated|completing|drain(ed|ing))$'; do
    tries=$((tries - 1))
    if [ $tries = 0 ]; then
        echo "$name is configured, and cluster $CLUSTER does not count on it (${state:-nobody answers}): journalctl -u slurmd" >&2
        echo "It must be let in: $PORTS" >&2
        exit 1
    fi
    sleep 1
done
echo "$name is a node of cluster $CLUSTER: $(grep -c . "$changes" || true) files changed"
