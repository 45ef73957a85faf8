"""What a topology tells of where its cable leads."""

from dataclasses import replace

from netmodes import Topology


def test_ends_at_host() -> None:
    """A cable ends at the host, unless the topology leads on: by a bridge, or a next hop."""
    cable = Topology("veth1", "10.0.0.2/24", host_device="veth0", host_address="10.0.0.1/24")

    assert cable.ends_at_host
    assert not replace(cable, bridge="br0").ends_at_host
    assert not replace(cable, gateway="10.0.0.1").ends_at_host
