# Firewall of a machine that is not this program's: what is let in to slurmd and to jobs, and nothing else. Where ufw or firewalld
# is the machine's firewall it is told, in its own terms; else a table of its own keeps strangers from slurmd.
#
# Has it another firewall than when it was told? What the other one was told would be in the way of machines that come.
told=$(cat "$root/var/lib/hpc-ha/firewall" 2>/dev/null || true)
if [ "$told" != "$firewall" ]; then
    [ -z "$told" ] || echo "its firewall is $firewall by now, and was $told" >>"$changes"
    if [ -z "$check" ]; then
        for other in ufw firewalld nft; do [ "$other" = "$firewall" ] || "forget_$other"; done
        echo "$firewall" >"$root/var/lib/hpc-ha/firewall"
    fi
fi
case $firewall in
ufw)
    rules() {
        for from in $FROM_SLURMD; do echo "allow from $from to any port $SLURMD_PORT proto tcp"; done
        for from in $FROM_JOBS; do echo "allow from $from"; done
    }
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
    ;;
firewalld)
    # As firewalld lists them.
    rules() {
        for from in $FROM_SLURMD; do
            echo "rule family=\"ipv4\" source address=\"$from\" port port=\"$SLURMD_PORT\" protocol=\"tcp\" accept"
        done
        for from in $FROM_JOBS; do echo "rule family=\"ipv4\" source address=\"$from\" accept"; done
    }
    # An interface or a source may be in any zone that is in use; what is in none is in the default zone.
    zones=$({
        firewall-cmd --get-active-zones | awk '/^[^ \t]/ { print $1 }'
        firewall-cmd --get-default-zone
    } | sort -u)
    wanted=$(for zone in $zones; do rules | sed "s/^/$zone /"; done)
    told=$(cat "$root/etc/hpc-ha/firewalld" 2>/dev/null || true)
    # lacking ZONE HOW: rules that are not in force there (HOW: nothing), or not for good.
    lacking() {
        # shellcheck disable=SC2086
        there=$(firewall-cmd $2 --zone="$1" --list-rich-rules)
        rules | grep -vxF -e "$there" || true
    }
    lacks=$(for zone in $zones; do for how in --permanent ''; do lacking "$zone" "$how"; done; done)
    if [ "$told" != "$wanted" ] || [ -n "$lacks" ]; then
        echo "rules of firewalld" >>"$changes"
        if [ -z "$check" ]; then
            echo "$told" | while read -r zone rule; do
                [ -z "$rule" ] || echo "$wanted" | grep -qxF -e "$zone $rule" || firewalld_unlearn "$zone" "$rule"
            done
            # Kept before it is told: a run that is cut off leaves no rule that nobody would take away.
            mkdir -p "$root/etc/hpc-ha"
            keep /etc/hpc-ha/firewalld
            echo "$wanted" | write /etc/hpc-ha/firewalld 0644 root:root
            for zone in $zones; do
                for how in --permanent ''; do
                    set --
                    while read -r rule; do
                        [ -z "$rule" ] || set -- "$@" "--add-rich-rule=$rule"
                    done <<END
$(lacking "$zone" "$how")
END
                    # Without a reload, by which others would lose what they have not made permanent.
                    # shellcheck disable=SC2086
                    [ $# = 0 ] || firewall-cmd -q $how --zone="$zone" "$@"
                done
            done
        fi
    fi
    ;;
nft)
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
    ;;
esac
