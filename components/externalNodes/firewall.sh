# Firewall of a machine that is not this program's: what is let in to slurmd and to jobs, and nothing else. Where ufw is the
# machine's firewall it is told, and what it is told is marked; else a table of its own keeps strangers from slurmd.
rules() {
    for from in $FROM_SLURMD; do echo "allow from $from to any port $SLURMD_PORT proto tcp"; done
    for from in $FROM_JOBS; do echo "allow from $from"; done
}
if command -v ufw >/dev/null && LC_ALL=C ufw status | grep -q '^Status: active'; then
    told=$(ufw show added | sed -n "s/^ufw \(.*\) comment 'hpc-ha'\$/\1/p")
    if [ "$(echo "$told" | sort)" != "$(rules | sort)" ]; then
        echo "rules of ufw" >>"$changes"
        if [ -z "$check" ]; then
            echo "$told" | while read -r rule; do
                # shellcheck disable=SC2086
                [ -z "$rule" ] || rules | grep -qxF "$rule" || ufw delete $rule >/dev/null
            done
            rules | while read -r rule; do
                # shellcheck disable=SC2086
                echo "$told" | grep -qxF "$rule" || ufw $rule comment hpc-ha >/dev/null
            done
        fi
    fi
else
    # shellcheck disable=SC2086
    set -- $FROM_SLURMD $FROM_JOBS
    keep /etc/hpc-ha/firewall.nft
    [ -n "$check" ] || mkdir -p "$root/etc/hpc-ha"
    write /etc/hpc-ha/firewall.nft 0644 root:root <<END
# Written by hpc-ha. Other tables stay as they are: what they drop is dropped.
table inet hpc_ha
delete table inet hpc_ha
table inet hpc_ha {
    chain input {
        type filter hook input priority filter; policy accept;
        iif lo accept
        tcp dport $SLURMD_PORT ip saddr { $(echo "$@" | sed 's/ /, /g') } accept
        tcp dport $SLURMD_PORT counter drop
    }
}
END
    keep /etc/systemd/system/hpc-ha-firewall.service
    write /etc/systemd/system/hpc-ha-firewall.service 0644 root:root <<'END'
[Unit]
Description=Who reaches slurmd (hpc-ha)
# What the owner loads may begin with an empty set of rules.
After=nftables.service
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service
Before=slurmd.service
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/sbin/nft -f /etc/hpc-ha/firewall.nft
ExecReload=/usr/sbin/nft -f /etc/hpc-ha/firewall.nft
[Install]
WantedBy=multi-user.target
END
    if [ -z "$check" ]; then
        systemctl daemon-reload
        systemctl enable -q hpc-ha-firewall
        systemctl restart hpc-ha-firewall
    elif ! nft list table inet hpc_ha >/dev/null 2>&1; then
        echo "its rules of the firewall are not loaded" >>"$changes"
    fi
fi
