"""The article's result tables, row by row, each in its own lab; isolated's is another file."""

import pytest
from labs import Done, Lab

from netmodes.lab.servers import PAGE

PING = ("ping", "-c", "3", "-i", "0.2", "-W", "1")
CURL = ("curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "5")

#: curl(1), EXIT CODES.
CANNOT_RESOLVE, CANNOT_CONNECT = 6, 7


@pytest.fixture
def host_only(lab: Lab) -> Lab:
    """A lab where A is up, host-only."""
    done = lab.netmodes("host-only")
    assert done.returncode == 0, done.stderr
    return lab


@pytest.fixture
def online(lab: Lab) -> Lab:
    """A lab whose host has spoken with its gateway, as a host on a LAN has."""
    lab.ok("ping", "-c", "1", "192.168.64.1")
    return lab


def loses_nothing(ping: Done) -> bool:
    """Whether every ping was answered."""
    return ping.returncode == 0 and ", 0% packet loss" in ping.stdout


def loses_all(ping: Done) -> bool:
    """Whether no ping was answered."""
    return ping.returncode == 1 and ", 100% packet loss" in ping.stdout


def test_host_pings_namespace(host_only: Lab) -> None:
    """Host-only: the host reaches the namespace."""
    ping = host_only.run(*PING, "192.168.202.11")

    assert loses_nothing(ping), ping


def test_namespace_pings_host(host_only: Lab) -> None:
    """Host-only: the namespace reaches the host."""
    ping = host_only.inside(*PING, "192.168.202.1")

    assert loses_nothing(ping), ping


def test_namespace_gets_the_hosts_page(host_only: Lab) -> None:
    """Host-only: the namespace gets the page from the host's web server."""
    page = host_only.inside(*CURL, "--write-out", "%{http_code}", "http://192.168.202.1/")

    assert page.stdout == PAGE + "200"


def test_namespace_does_not_ping_outside(host_only: Lab) -> None:
    """Host-only: 8.8.8.8, which the host reaches, is no network that the namespace knows."""
    from_host = host_only.run(*PING, "8.8.8.8")
    from_namespace = host_only.inside(*PING, "8.8.8.8")

    assert loses_nothing(from_host), from_host
    assert from_namespace.returncode == 2
    assert "Network is unreachable" in from_namespace.stderr


def test_namespace_does_not_resolve(host_only: Lab) -> None:
    """Host-only: the namespace resolves no name."""
    curl = host_only.inside(*CURL, "google.com")

    assert (curl.returncode, curl.stdout) == (CANNOT_RESOLVE, "")
    assert "Could not resolve host: google.com" in curl.stderr


def test_namespace_does_not_reach_the_hosts_other_address(host_only: Lab) -> None:
    """Host-only: the host's page is not to be had at the address of its NIC."""
    from_host = host_only.run(*CURL, "192.168.64.3")
    from_namespace = host_only.inside(*CURL, "192.168.64.3")

    assert (from_host.returncode, from_host.stdout) == (0, PAGE)
    assert (from_namespace.returncode, from_namespace.stdout) == (CANNOT_CONNECT, "")


@pytest.mark.parametrize("options", [[], ["--verbatim"]], ids=["guarded", "verbatim"])
def test_bridged_namespace_pings_outside(online: Lab, options: list[str]) -> None:
    """Bridged: the outside answers the namespace at once."""
    up = online.netmodes("bridged", "--uplink", "enp0s1", *options)
    ping = online.inside(*PING, "8.8.8.8")

    assert up.returncode == 0, up.stderr
    assert loses_nothing(ping), ping


def test_verbatim_loses_the_outside(online: Lab) -> None:
    """Bridged to the letter: host and namespace lose the outside with the gateway's ARP entry."""
    online.ok("netmodes", "bridged", "--uplink", "enp0s1", "--verbatim")
    online.ok("ip", "neigh", "flush", "dev", "enp0s1")
    from_host = online.run(*PING, "8.8.8.8")
    from_namespace = online.inside(*PING, "8.8.8.8")

    assert loses_all(from_host), from_host
    assert loses_all(from_namespace), from_namespace
