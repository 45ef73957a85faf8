# fish completion of netmodes: click's own, asked for at the first Tab.
_NETMODES_COMPLETE=fish_source netmodes | source
