# A NIC with other names, one of them what a cable of ours would have (systemd gives such names).
ip link property add dev enp0s1 altname enx4a9e7e5559ee0123456789
ip link property add dev enp0s1 altname veth0
