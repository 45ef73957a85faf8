"""The target of ``why``: an address or a name, with a port or without."""

import pytest
from console import netmodes

from netmodes import Refused
from netmodes.diagnose.target import parse


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("8.8.8.8:", "no TCP port after its colon"),
        ("8.8.8.8:0", "no TCP port after its colon"),
        ("8.8.8.8:65536", "no TCP port after its colon"),
        ("8.8.8.8:http", "no TCP port after its colon"),
        ("8.8.8", "is no IPv4 address"),
        ("256.1.1.1", "is no IPv4 address"),
        ("", "is no IPv4 address"),
        ("8.8.8.8:" + "9" * 5000, "no TCP port after its colon"),
        ("192.168.202.1:80:80", "no TCP port after its colon"),
        ("::1", "is IPv6, which is not followed here"),
        ("fe80::1%eth0", "is IPv6, which is not followed here"),
        ("[2001:db8::1]:80", "is IPv6, which is not followed here"),
        ("0.0.0.0:80", "not the address of one machine"),
        ("224.0.0.1", "not the address of one machine"),
        ("255.255.255.255:80", "not the address of one machine"),
        ("-f", "is no IPv4 address"),
        ("a;b", "is no IPv4 address"),
        ("a..b", "is no IPv4 address"),
    ],
)
def test_no_target(target: str, words: str) -> None:
    """What is neither an address nor a name, or has no port where there should be one, is named."""
    with pytest.raises(Refused, match=words):
        parse(target)
    done = netmodes("why", "--", "A", target)
    assert (done.status, done.stdout) == (2, "")
    assert words in done.stderr


@pytest.mark.parametrize("outside", ["2001:db8::1", "[::1]:80"])
def test_outside_by_ipv6(outside: str) -> None:
    """``check`` says of an IPv6 address outside what it is."""
    done = netmodes("check", "A", "--outside", outside)

    assert done.status == 2
    assert f"--outside: {outside!r} is IPv6, which is not followed here" in done.stderr
