# What follows is the same for every cluster.
#
# On the machine there must be: slurmd and munge of the cluster's version, its users with their ids, clocks in step. Its
# firewall lets in what is named at the end. Words: "check" only says what would change; a directory is the root of a test.
set -eu
root=
check=
for word; do
    case $word in
    check) check=1 ;;
    *) root=$word ;;
    esac
done
refuse() {
    echo "$1. Nothing was changed." >&2
    exit 1
}

name=$(hostname -s)
[ -z "${MEANT:-}" ] || [ "$name" = "$MEANT" ] || refuse "this machine calls itself $name, and the config has $MEANT at this address"
address=$(echo "$NODES" | awk -v name="$name" '$1 == name { print $2 }')
[ -n "$address" ] || refuse "$name is no machine of slurm.nodeGroups (hosts) of cluster $CLUSTER"
ip -o -4 address | grep -qF " $address/" || refuse "the cluster knows $name by $address, which this machine does not have"
# By ssh (REACHED: the key of the config) this sees to packages and to the machine's own firewall too.
manager=
firewall=
if [ -n "${REACHED:-}" ]; then
    # shellcheck disable=SC1091
    system=$(. "$root/etc/os-release" && echo "$PRETTY_NAME: $ID ${ID_LIKE:-} ")
    if echo "$system" | grep -qE ': .*\b(debian|ubuntu)\b'; then
        manager=apt
    elif echo "$system" | grep -qE ': .*\b(rhel|fedora)\b'; then
        manager=dnf
    else
        refuse "this is ${system%%:*}, and by ssh nodes are made of Debian, Ubuntu and what is like RHEL: npx hpc node-kit"
    fi
    if command -v ufw >/dev/null && LC_ALL=C ufw status | grep -q '^Status: active'; then
        firewall=ufw
    elif command -v firewall-cmd >/dev/null && firewall-cmd -q --state 2>/dev/null; then
        firewall=firewalld
    else
        firewall=nft
    fi
fi
case $manager in
dnf)
    needed="slurmd:slurm-slurmd sinfo:slurm munged:munge"
    install="dnf install"
    besides=
    ;;
*)
    needed="slurmd:slurmd sinfo:slurm-client munged:munge"
    install="apt-get install --no-install-recommends"
    besides=" libpmix2"
    ;;
esac
[ "$firewall" != nft ] || needed="$needed nft:nftables"
missing=
for program in $needed; do
    command -v "${program%:*}" >/dev/null || missing="$missing ${program#*:}"
done
[ -z "$missing" ] || [ -n "$manager" ] || refuse "there is no$missing: install $PACKAGES"
[ -z "$missing" ] || missing="$missing$besides"
# Of Slurm that would be installed the first two numbers, or nothing.
candidate() {
    case $manager in
    dnf) dnf -q repoquery --latest-limit=1 --qf '%{version}' slurm-slurmd ;;
    *) LC_ALL=C apt-cache policy slurmd | sed -nE 's/^ *Candidate: ([0-9]+:)?//p' ;;
    esac | sed -nE 's/^([0-9]+\.[0-9]+).*/\1/p' | head -n 1
}
case $missing in
*slurm*)
    # What is installed is what its lists say: they are read anew before that, or where they know of none; dnf does that by itself.
    version=$(candidate)
    if [ "${INSTALL:-} $manager" = "yes apt" ] && { [ -z "$check" ] || [ -z "$version" ]; }; then
        apt-get update -q >/dev/null || true
        version=$(candidate)
    fi
    [ -n "$version" ] || refuse "it has no slurmd, and its package sources have none: install $PACKAGES"
    ;;
*) version=$(slurmd -V | grep -oE '[0-9]+\.[0-9]+' | head -n 1) ;;
esac
[ "$version" = "$VERSION" ] || refuse "slurmd is of Slurm $version, and cluster $CLUSTER of $VERSION"
[ -z "$missing" ] || [ -n "${INSTALL:-}" ] ||
    refuse "it lacks packages. There as root: $install$missing; or $REACHED.installPackages: true"
mark=$root/var/lib/hpc-ha/cluster
if [ -e "$mark" ] && [ "$(cat "$mark")" != "$IDENTITY" ]; then
    refuse "this machine is of cluster $(cat "$mark"), and this is for $IDENTITY: to move it remove $mark"
fi
other=$(sed -nE 's/^[^#]*--conf-server[ =]([^ "]+).*/\1/p' "$root/etc/default/slurmd" 2>/dev/null || true)
[ -z "$other" ] || [ "$other" = "$SERVER" ] || refuse "slurmd of this machine asks $other: it is of another cluster (/etc/default/slurmd)"
[ ! -e "$root/etc/slurm/slurm.conf" ] || refuse "there is a slurm.conf on this machine: nodes of $CLUSTER have theirs from the controller"
for script in $SCRIPTS; do
    [ -e "$root/etc/slurm/$script-site" ] || echo "${BROUGHT:-}" | grep -q "^$script " ||
        refuse "the cluster has a $script: bring it as /etc/slurm/$script-site, or the node is drained"
done

changes=$(mktemp)
trap 'rm -f "$changes"' EXIT
# What a run wrote and no daemon has read: also one that was cut off.
unread=$root/var/lib/hpc-ha/unread
changed() { grep -qxE "$1" "$unread" 2>/dev/null; }
before=$root/var/lib/hpc-ha/before
written=$root/var/lib/hpc-ha/written
# What a machine of an earlier version of this has is this program's.
[ -e "$mark" ] && [ ! -e "$written" ] && ours=1 || ours=
# keep FILE: what is there before it is ours comes back when the machine leaves (leave.sh).
keep() {
    [ -z "$check" ] || return 0
    ! grep -qxF "$1" "$written" 2>/dev/null || return 0
    if [ -e "$root$1" ] && [ -z "$ours" ]; then
        mkdir -p -m 0700 "$before" && mkdir -p "$before${1%/*}"
        cp -p "$root$1" "$before$1"
    fi
    echo "$1" >>"$written"
}
# write FILE MODE OWNER: what it is told, whole or not at all.
write() {
    if [ -n "$check" ]; then
        cmp -s - "$root$1" || echo "$1" >>"$changes"
        return
    fi
    # Nobody but root may read it before it has its owner and mode: it may be munge's key.
    new=$(mktemp "$(dirname "$root$1")/.new.XXXXXX")
    cat >"$new"
    if cmp -s "$new" "$root$1"; then
        rm "$new"
        return
    fi
    echo "$1" >>"$changes"
    chown "$3" "$new"
    chmod "$2" "$new"
    echo "$1" >>"$unread"
    mv "$new" "$root$1"
    ! command -v restorecon >/dev/null || restorecon "$root$1"
}
if [ -z "$check" ]; then
    mkdir -p "$root/var/lib/hpc-ha"
    [ -n "$ours" ] || touch "$written"
    # First: a run that is cut off has joined no two clusters.
    echo "$IDENTITY" | write /var/lib/hpc-ha/cluster 0644 root:root
    if [ -n "$missing" ]; then
        # shellcheck disable=SC2086
        DEBIAN_FRONTEND=noninteractive $install -y -q $missing >/dev/null
        echo "packages:$missing" >>"$changes"
    fi
    mkdir -p "$root/etc/slurm" "$root/etc/munge" "$root/etc/default" "$root/etc/systemd/system"
elif [ ! -e "$mark" ]; then
    echo new
elif [ -n "$missing" ]; then
    echo "packages:$missing" >>"$changes"
fi
keep /etc/munge/munge.key
echo "$KEY" | base64 -d | write /etc/munge/munge.key 0400 munge:munge
{
    sed "/^# BEGIN cluster $CLUSTER\$/,/^# END cluster $CLUSTER\$/d" "$root/etc/hosts"
    echo "# BEGIN cluster $CLUSTER"
    echo "$HOSTS" | awk -v name="$name" '$2 != name'
    echo "# END cluster $CLUSTER"
} | write /etc/hosts 0644 root:root
for script in prolog epilog; do
    [ -e "$root/etc/slurm/$script" ] || { keep /etc/slurm/$script; printf '#!/bin/sh\n' | write /etc/slurm/$script 0755 root:root; }
    text=$(echo "${BROUGHT:-}" | sed -n "s/^$script //p")
    [ -z "$text" ] || { keep /etc/slurm/$script-site; echo "$text" | base64 -d | write /etc/slurm/$script-site 0755 root:root; }
done
keep /etc/default/slurmd
{
    # What slurmd reads at its start only, so that it is started again for it.
    echo "${READ:-}" | sed '/^$/d; s/^/# /'
    printf 'SLURMD_MOUNTS=""\nSLURMD_OPTIONS="-N %s --conf-server %s"\n' "$name" "$SERVER"
} | write /etc/default/slurmd 0644 root:root
keep /etc/systemd/system/slurmd.service
echo "$UNIT" | base64 -d | write /etc/systemd/system/slurmd.service 0644 root:root
pmix=$root/usr/lib/x86_64-linux-gnu/pmix2/lib
# Debian's plugin opens it by the name that only the package for compilers has.
if [ -z "$check" ] && [ -e "$pmix/libpmix.so.2" ] && [ ! -e "$pmix/libpmix.so" ]; then
    keep "${pmix#"$root"}/libpmix.so"
    ln -s libpmix.so.2 "$pmix/libpmix.so"
fi
