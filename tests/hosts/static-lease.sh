# The first address is another machine's that is switched off, with an entry made by hand.
ip neigh add 192.168.64.50 lladdr 02:00:00:00:00:50 dev enp0s1 nud permanent
