"""What the host forwards: for nat and bridged all they send, for host-only nothing."""

import pytest
from labs import Lab
from state import State, state

HERE = "192.168.202.11"


def answered(lab: Lab, name: str, address: str) -> bool:
    """Whether a ping from a namespace is answered; from the host for ""."""
    inside = ("ip", "netns", "exec", name) if name else ()
    return lab.run(*inside, "ping", "-c", "1", "-W", "1", address).returncode == 0


@pytest.mark.parametrize("order", ["HA", "AH"])
@pytest.mark.parametrize("mode", ["nat", "bridged --uplink enp0s1"], ids=["nat", "bridged"])
def test_stays_with_its_host(lab: Lab, untouched: State, mode: str, order: str) -> None:
    """A host-only network is not reached through a host that forwards, and reaches nobody so."""
    commands = {"H": "netmodes host-only -n H", "A": f"netmodes {mode} -n A"}
    for name in order:
        lab.ok(*commands[name].split())
    lab.ok("ip", "-n", "H", "route", "add", "default", "via", "192.168.202.1")
    lab.ok("iptables", "-t", "nat", "-I", "POSTROUTING", "-s", HERE, "-j", "MASQUERADE")

    assert answered(lab, "A", "8.8.8.8")
    assert answered(lab, "", HERE)
    assert not answered(lab, "A", HERE)
    assert not answered(lab, "H", "8.8.8.8")
    why = lab.netmodes("why", "H", "8.8.8.8").stdout
    assert "forwarding is 0" in why
    lab.sh("iptables -t nat -F; nft delete table ip nat; nft delete table ip filter")
    for name in order:
        lab.ok("netmodes", "down", name)
    assert state(lab.ok) == untouched
