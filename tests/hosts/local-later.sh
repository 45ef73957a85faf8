# The rule for local addresses comes after one for marked packets (Cilium).
ip rule add pref 100 lookup local
ip rule del pref 0
ip rule add pref 9 fwmark 0x200/0xf00 lookup 2004
ip rule add pref 10 fwmark 0xa00/0xf00 lookup 2005
ip route add local default dev lo table 2004
ip route add 10.0.0.7 dev enp0s1 table 2005
ip route add default via 10.0.0.7 dev enp0s1 onlink table 2005
