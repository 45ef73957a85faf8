# firewalld, its rules as version 1.3 writes them (Debian 12): the uplink is in the zone public.
# bridged: refused, firewall-cmd --zone=public --add-interface=br0
# doctor says: the firewall drops what br0 passes on (`reject with icmpx admin-prohibited`
nft -f - <<'RULES'
table inet firewalld {
    chain mangle_PREROUTING {
        type filter hook prerouting priority mangle + 10; policy accept;
        jump mangle_PREROUTING_ZONES
    }
    chain mangle_PREROUTING_POLICIES_pre {
        jump mangle_PRE_policy_allow-host-ipv6
    }
    chain mangle_PREROUTING_ZONES {
        iifname "enp0s1" goto mangle_PRE_public
        goto mangle_PRE_public
    }
    chain mangle_PREROUTING_POLICIES_post { }
    chain nat_PREROUTING {
        type nat hook prerouting priority dstnat + 10; policy accept;
        jump nat_PREROUTING_ZONES
    }
    chain nat_PREROUTING_POLICIES_pre {
        jump nat_PRE_policy_allow-host-ipv6
    }
    chain nat_PREROUTING_ZONES {
        iifname "enp0s1" goto nat_PRE_public
        goto nat_PRE_public
    }
    chain nat_PREROUTING_POLICIES_post { }
    chain nat_POSTROUTING {
        type nat hook postrouting priority srcnat + 10; policy accept;
        jump nat_POSTROUTING_ZONES
    }
    chain nat_POSTROUTING_POLICIES_pre { }
    chain nat_POSTROUTING_ZONES {
        oifname "enp0s1" goto nat_POST_public
        goto nat_POST_public
    }
    chain nat_POSTROUTING_POLICIES_post { }
    chain nat_OUTPUT {
        type nat hook output priority -90; policy accept;
        jump nat_OUTPUT_POLICIES_pre
        jump nat_OUTPUT_POLICIES_post
    }
    chain nat_OUTPUT_POLICIES_pre { }
    chain nat_OUTPUT_POLICIES_post { }
    chain filter_PREROUTING {
        type filter hook prerouting priority filter + 10; policy accept;
        icmpv6 type { nd-router-advert, nd-neighbor-solicit } accept
        meta nfproto ipv6 fib saddr . mark . iif oif missing drop
    }
    chain filter_INPUT {
        type filter hook input priority filter + 10; policy accept;
        ct state { established, related } accept
        ct status dnat accept
        iifname "lo" accept
        ct state invalid drop
        jump filter_INPUT_ZONES
        reject with icmpx admin-prohibited
    }
    chain filter_FORWARD {
        type filter hook forward priority filter + 10; policy accept;
        ct state { established, related } accept
        ct status dnat accept
        iifname "lo" accept
        ct state invalid drop
        ip6 daddr { ::/96, ::ffff:0.0.0.0/96, 2002::/24, 2002:a00::/24, 2002:7f00::/24, 2002:a9fe::/32, 2002:ac10::/28, 2002:c0a8::/32, 2002:e000::/19 } reject with icmpv6 addr-unreachable
        jump filter_FORWARD_ZONES
        reject with icmpx admin-prohibited
    }
    chain filter_OUTPUT {
        type filter hook output priority filter + 10; policy accept;
        ct state { established, related } accept
        oifname "lo" accept
        ip6 daddr { ::/96, ::ffff:0.0.0.0/96, 2002::/24, 2002:a00::/24, 2002:7f00::/24, 2002:a9fe::/32, 2002:ac10::/28, 2002:c0a8::/32, 2002:e000::/19 } reject with icmpv6 addr-unreachable
        jump filter_OUTPUT_POLICIES_pre
        jump filter_OUTPUT_POLICIES_post
    }
    chain filter_INPUT_POLICIES_pre {
        jump filter_IN_policy_allow-host-ipv6
    }
    chain filter_INPUT_ZONES {
        iifname "enp0s1" goto filter_IN_public
        goto filter_IN_public
    }
    chain filter_INPUT_POLICIES_post { }
    chain filter_FORWARD_POLICIES_pre { }
    chain filter_FORWARD_ZONES {
        iifname "enp0s1" goto filter_FWD_public
        goto filter_FWD_public
    }
    chain filter_FORWARD_POLICIES_post { }
    chain filter_OUTPUT_POLICIES_pre { }
    chain filter_OUTPUT_POLICIES_post { }
    chain filter_IN_public {
        jump filter_INPUT_POLICIES_pre
        jump filter_IN_public_pre
        jump filter_IN_public_log
        jump filter_IN_public_deny
        jump filter_IN_public_allow
        jump filter_IN_public_post
        jump filter_INPUT_POLICIES_post
        meta l4proto { icmp, ipv6-icmp } accept
        reject with icmpx admin-prohibited
    }
    chain filter_IN_public_pre { }
    chain filter_IN_public_log { }
    chain filter_IN_public_deny { }
    chain filter_IN_public_allow {
        tcp dport 22 accept
        ip6 daddr fe80::/64 udp dport 546 accept
    }
    chain filter_IN_public_post { }
    chain nat_POST_public {
        jump nat_POSTROUTING_POLICIES_pre
        jump nat_POST_public_pre
        jump nat_POST_public_log
        jump nat_POST_public_deny
        jump nat_POST_public_allow
        jump nat_POST_public_post
        jump nat_POSTROUTING_POLICIES_post
    }
    chain nat_POST_public_pre { }
    chain nat_POST_public_log { }
    chain nat_POST_public_deny { }
    chain nat_POST_public_allow { }
    chain nat_POST_public_post { }
    chain filter_FWD_public {
        jump filter_FORWARD_POLICIES_pre
        jump filter_FWD_public_pre
        jump filter_FWD_public_log
        jump filter_FWD_public_deny
        jump filter_FWD_public_allow
        jump filter_FWD_public_post
        jump filter_FORWARD_POLICIES_post
        reject with icmpx admin-prohibited
    }
    chain filter_FWD_public_pre { }
    chain filter_FWD_public_log { }
    chain filter_FWD_public_deny { }
    chain filter_FWD_public_allow {
        oifname "enp0s1" accept
    }
    chain filter_FWD_public_post { }
    chain nat_PRE_public {
        jump nat_PREROUTING_POLICIES_pre
        jump nat_PRE_public_pre
        jump nat_PRE_public_log
        jump nat_PRE_public_deny
        jump nat_PRE_public_allow
        jump nat_PRE_public_post
        jump nat_PREROUTING_POLICIES_post
    }
    chain nat_PRE_public_pre { }
    chain nat_PRE_public_log { }
    chain nat_PRE_public_deny { }
    chain nat_PRE_public_allow { }
    chain nat_PRE_public_post { }
    chain mangle_PRE_public {
        jump mangle_PREROUTING_POLICIES_pre
        jump mangle_PRE_public_pre
        jump mangle_PRE_public_log
        jump mangle_PRE_public_deny
        jump mangle_PRE_public_allow
        jump mangle_PRE_public_post
        jump mangle_PREROUTING_POLICIES_post
    }
    chain mangle_PRE_public_pre { }
    chain mangle_PRE_public_log { }
    chain mangle_PRE_public_deny { }
    chain mangle_PRE_public_allow { }
    chain mangle_PRE_public_post { }
    chain filter_IN_policy_allow-host-ipv6 {
        jump filter_IN_policy_allow-host-ipv6_pre
        jump filter_IN_policy_allow-host-ipv6_log
        jump filter_IN_policy_allow-host-ipv6_deny
        jump filter_IN_policy_allow-host-ipv6_allow
        jump filter_IN_policy_allow-host-ipv6_post
    }
    chain filter_IN_policy_allow-host-ipv6_pre { }
    chain filter_IN_policy_allow-host-ipv6_log { }
    chain filter_IN_policy_allow-host-ipv6_deny { }
    chain filter_IN_policy_allow-host-ipv6_allow {
        icmpv6 type nd-neighbor-advert accept
        icmpv6 type nd-neighbor-solicit accept
        icmpv6 type nd-router-advert accept
        icmpv6 type nd-redirect accept
    }
    chain filter_IN_policy_allow-host-ipv6_post { }
    chain nat_PRE_policy_allow-host-ipv6 {
        jump nat_PRE_policy_allow-host-ipv6_pre
        jump nat_PRE_policy_allow-host-ipv6_log
        jump nat_PRE_policy_allow-host-ipv6_deny
        jump nat_PRE_policy_allow-host-ipv6_allow
        jump nat_PRE_policy_allow-host-ipv6_post
    }
    chain nat_PRE_policy_allow-host-ipv6_pre { }
    chain nat_PRE_policy_allow-host-ipv6_log { }
    chain nat_PRE_policy_allow-host-ipv6_deny { }
    chain nat_PRE_policy_allow-host-ipv6_allow { }
    chain nat_PRE_policy_allow-host-ipv6_post { }
    chain mangle_PRE_policy_allow-host-ipv6 {
        jump mangle_PRE_policy_allow-host-ipv6_pre
        jump mangle_PRE_policy_allow-host-ipv6_log
        jump mangle_PRE_policy_allow-host-ipv6_deny
        jump mangle_PRE_policy_allow-host-ipv6_allow
        jump mangle_PRE_policy_allow-host-ipv6_post
    }
    chain mangle_PRE_policy_allow-host-ipv6_pre { }
    chain mangle_PRE_policy_allow-host-ipv6_log { }
    chain mangle_PRE_policy_allow-host-ipv6_deny { }
    chain mangle_PRE_policy_allow-host-ipv6_allow { }
    chain mangle_PRE_policy_allow-host-ipv6_post { }
}
RULES
# What it adds for a device of that zone; it is not there itself.
cat >"${PATH%%:*}/firewall-cmd" <<'STUB'
#!/bin/bash
device=${2#--add-interface=}
for chain in mangle_PREROUTING:mangle_PRE nat_PREROUTING:nat_PRE filter_INPUT:filter_IN \
    filter_FORWARD:filter_FWD; do
    nft insert rule inet firewalld "${chain%:*}_ZONES" iifname "$device" goto "${chain#*:}_public"
done
nft insert rule inet firewalld nat_POSTROUTING_ZONES oifname "$device" goto nat_POST_public
nft add rule inet firewalld filter_FWD_public_allow oifname "$device" accept
STUB
chmod +x "${PATH%%:*}/firewall-cmd"
