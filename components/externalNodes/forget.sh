# What the machine's own firewall was told for the cluster, taken away again: one function for each firewall; nothing is done
# where it was told nothing. $root is the root of a test.
forget_ufw() {
    command -v ufw >/dev/null || return 0
    ufw show added | sed -n "s/^ufw \(.*\) comment 'hpc-ha'\$/\1/p" | while read -r rule; do
        # shellcheck disable=SC2086
        ufw delete $rule >/dev/null
    done
}
# Rules of firewalld have no mark: which zone was told which rule is kept beside.
forget_firewalld() {
    [ -e "$root/etc/hpc-ha/firewalld" ] || return 0
    if command -v firewall-cmd >/dev/null; then
        while read -r zone rule; do firewalld_unlearn "$zone" "$rule"; done <"$root/etc/hpc-ha/firewalld"
    fi
    rm "$root/etc/hpc-ha/firewalld"
}
# One rule, in force and for good. A zone that is gone has none.
firewalld_unlearn() {
    if firewall-cmd -q --state 2>/dev/null; then
        for how in --permanent ''; do
            # shellcheck disable=SC2086
            firewall-cmd $how --get-zones | grep -qwF -e "$1" || continue
            # shellcheck disable=SC2086
            firewall-cmd -q $how --zone="$1" --remove-rich-rule="$2"
        done
    else
        firewall-offline-cmd --get-zones | grep -qwF -e "$1" || return 0
        firewall-offline-cmd -q --zone="$1" --remove-rich-rule="$2"
    fi
}
forget_nft() {
    [ -e "$root/etc/systemd/system/hpc-ha-firewall.service" ] || return 0
    systemctl -q disable --now hpc-ha-firewall
    nft 'table inet hpc_ha; delete table inet hpc_ha'
    rm -f "$root/etc/systemd/system/hpc-ha-firewall.service" "$root/etc/hpc-ha/firewall.nft"
}
