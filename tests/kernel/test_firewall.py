"""Rules of a real kernel: what would drop the namespace's packets, and what names the uplink."""

import pytest
from labs import Lab
from state import state

BRIDGED = ("bridged", "--uplink", "enp0s1")

#: A rule that names the uplink, in each place where one can stand, and how it is printed.
NAMING = [
    (
        "nft add table inet own && "
        "nft 'add chain inet own in { type filter hook input priority 0; }' && "
        "nft 'add rule inet own in iifname \"enp0s1\" accept'",
        'nft: iifname "enp0s1" accept',
    ),
    ("iptables -A INPUT -i enp0s1 -j ACCEPT", 'nft: iifname "enp0s1" counter'),
    ("ip rule add iif enp0s1 lookup 100", "rules: 32765:\tfrom all iif enp0s1 lookup 100"),
    ("ip -6 rule add oif enp0s1 lookup 100", "rules6: 32765:\tfrom all oif enp0s1 lookup 100"),
    (
        "tc qdisc add dev enp0s1 ingress && "
        "tc filter add dev enp0s1 ingress protocol ip u32 match u32 0 0 classid 1:1",
        "tc: filter protocol ip pref 49152 u32",
    ),
]
IDS = ("nft", "iptables", "rule", "rule6", "tc")


@pytest.mark.parametrize("filtered", ["0", "1"])
@pytest.mark.parametrize("chain", ["FORWARD", "DOCKER-USER"])
def test_docker_drops(lab: Lab, chain: str, filtered: str) -> None:
    """Where Docker drops what is forwarded, bridged frames or not, the namespace's packets pass."""
    lab.ok("sysctl", "-w", f"net.bridge.bridge-nf-call-iptables={filtered}")
    if chain == "DOCKER-USER":
        lab.sh("iptables -N DOCKER-USER && iptables -A FORWARD -j DOCKER-USER")
    lab.ok("iptables", "-P", "FORWARD", "DROP")
    before = lab.ok("iptables", "-S")

    up = lab.netmodes("bridged", "--uplink", "enp0s1")
    outside = lab.inside("ping", "-c", "2", "-i", "0.2", "-W", "2", "8.8.8.8")
    lab.ok("netmodes", "down", "A")

    assert (
        f"[#] iptables -I {chain} -i br0 -o br0 -m comment --comment netmodes -j ACCEPT\n"
        in up.stderr
    )
    assert outside.returncode == 0
    assert lab.ok("iptables", "-S") == before


def test_drop_of_nft(lab: Lab) -> None:
    """A drop that only nft knows is refused by table and chain, before anything is touched; once
    the bridge is accepted in that chain it goes on, and the packets pass."""
    lab.sh("nft add table inet own")
    lab.sh("nft 'add chain inet own ahead { type filter hook forward priority 0; policy drop; }'")
    before = state(lab.ok)

    refused = lab.netmodes(*BRIDGED)
    untouched = state(lab.ok)
    lab.sh('nft \'add rule inet own ahead iifname "br0" oifname "br0" accept\'')
    lab.ok("netmodes", *BRIDGED)
    outside = lab.inside("ping", "-c", "2", "-i", "0.2", "-W", "2", "8.8.8.8")

    assert refused.returncode == 1
    assert "br0 passes on (the policy of nft's chain inet own ahead)" in refused.stderr
    assert untouched == before
    assert outside.returncode == 0


@pytest.mark.parametrize(("add", "shown"), NAMING, ids=IDS)
def test_naming(lab: Lab, add: str, shown: str) -> None:
    """A rule that names the uplink is refused as the kernel has it; with --anyway it goes on."""
    lab.ok("bash", "-c", add)
    before = state(lab.ok)

    refused = lab.netmodes(*BRIDGED)
    untouched = state(lab.ok)
    anyway = lab.netmodes(*BRIDGED, "--anyway")
    lab.ok("netmodes", "down", "A")

    assert refused.returncode == 1
    assert f"a rule names enp0s1, whose packets will come in on br0 ({shown}" in refused.stderr
    assert untouched == before
    assert anyway.returncode == 0
    assert state(lab.ok) == before
