"""``check``: whom it sends to, and where it has nothing to try."""

import re
from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from click.testing import CliRunner
from networks import up

from netmodes import MODES, Bridged, Facts
from netmodes.cli import cli
from netmodes.diagnose.probes import probes
from netmodes.machine.entries import Address


@pytest.mark.parametrize("mode", MODES)
def test_only_named_addresses(mode: str, article: Facts) -> None:
    """Whatever the mode, only addresses of this machine, its routes and the user are tried."""
    plan = MODES[mode](**MODES[mode].needed()).plan(article)
    own = {value.partition("/")[0] for value in plan.parameters.values() if "/" in value}

    wanted = list(probes(up(plan), article, "9.8.7.6"))

    sent_to = set(re.findall(r"\d+\.\d+\.\d+\.\d+", str([one.argv for one in wanted])))
    assert sent_to <= {*own, "192.168.64.3", "192.168.64.1", "9.8.7.6"}
    assert "9.8.7.6" in sent_to


def test_other_gateway(article: Facts) -> None:
    """Where the namespace's gateway is not the host, what is tried is what its routes lead to."""
    *others, uplink = article.known("links")
    more = replace(uplink, name="docker0", addresses=(Address(IPv4Address("172.17.0.1"), 16),))
    facts = replace(article, links=[*others, uplink, more])
    tried = {}
    for gateway in ("", "192.168.64.7"):
        network = up(Bridged(uplink="enp0s1", gateway=gateway).plan(facts))
        found = [one for one in probes(network, facts, "") if one.promise.source == "namespace"]
        tried[gateway] = {(one.promise.target, one.tried) for one in found}

    by_host, by_router = tried.values()
    host = "the host's other addresses"
    assert by_host - by_router == {
        (host, "172.17.0.1"),
        ("the gateway", "192.168.64.1"),
        ("outside", "192.168.64.1"),
    }
    assert by_router - by_host == {("the gateway", "192.168.64.7"), ("outside", "192.168.64.7")}


@pytest.mark.parametrize("instead", [["--dry-run"], ["--export", "-"]])
def test_check_tries_what_runs(instead: list[str]) -> None:
    """Where nothing runs there is nothing to check."""
    done = CliRunner().invoke(cli, ["host-only", "--check", *instead])

    assert done.exit_code == 2
    assert "--check tries a network that is up" in done.output
