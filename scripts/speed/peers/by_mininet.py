"""A bridge and N hosts by Mininet, whose network lives as long as its process: by_mininet.py N

The process that is started ends when the network is up; the one that has it goes on until somebody
reads /run/mininet.down, to which it writes when all is taken down.
"""

import os
import sys
from ipaddress import IPv4Address
from pathlib import Path

FIFO = Path("/run/mininet.down")


def serve(number: int, ready: int) -> None:
    """Put the network up, say so, and take it down when somebody asks."""
    import mininet.net
    from mininet.nodelib import LinuxBridge

    mininet.net.fixLimits = lambda: None  # it writes sysctls of the whole machine
    net = mininet.net.Mininet(switch=LinuxBridge, controller=None, ipBase="10.64.0.0/20")
    switch = net.addSwitch("s1")
    for i in range(1, number + 1):
        address = f"{IPv4Address('10.64.0.10') + i}/20"
        net.addLink(net.addHost(f"h{i}", ip=address, defaultRoute="via 10.64.0.1"), switch)
    net.start()
    switch.cmd("sysctl -qw net.ipv4.ip_forward=1; ip addr add 10.64.0.1/20 dev s1")
    last = Path("/run/mininet.last")
    last.unlink(missing_ok=True)
    last.symlink_to(f"/proc/{net.hosts[-1].pid}/ns/net")
    os.close(ready)
    with FIFO.open("w"):
        net.stop()


if not FIFO.exists():
    os.mkfifo(FIFO)
ended, ready = os.pipe()
if os.fork():
    os.close(ready)
    os.read(ended, 1)
else:
    os.setsid()
    serve(int(sys.argv[1]), ready)
