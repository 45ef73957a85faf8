"""The public API: the names, errors and JSON that users rely on."""

import pydoc
import re

import pytest
from networks import up
from places import ROOT

import netmodes
from netmodes import MODES, Facts, HostOnly, Mode, Nat, NetmodesError, Plan, Refused, Report


def test_names() -> None:
    """The page lists just the names that the package has."""
    page = (ROOT / "docs/library.md").read_text().partition("## The public API")[2]

    assert set(re.findall(r"`(\w+)`", page)) - {"netmodes", "exec", "lab"} == {*netmodes.__all__}
    assert all(getattr(netmodes, name) is not None for name in dir(netmodes))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        netmodes.nothing  # noqa: B018


def test_errors() -> None:
    """An invalid value is refused, as a ValueError."""
    with pytest.raises(ValueError, match="not an IPv4 address"):
        HostOnly(address="192.168.1")
    assert issubclass(Refused, NetmodesError)
    assert str(Refused("use --kill or --anyway")) == "use kill=True or anyway=True"


@pytest.mark.parametrize("mode", MODES.values())
def test_help(mode: type[Mode]) -> None:
    """Help shows a mode's options with what each settles to, what raises, and the verbs alone."""
    said = pydoc.render_doc(mode, renderer=pydoc.plaintext)
    defined = set(re.findall(r"^ \|  (\w+)\b(?=\(| = |$)", said, re.MULTILINE))

    assert {"up", "down", "script", "rehearse", "check", "why", "exec"} <= defined
    assert "Example::" in said
    assert "Refused: " in said
    assert said.count("Raises:") >= 8
    inner = {"steps", "requirements", "topology", "settle", "render", "flow", "is_up", "__hash__"}
    assert not inner & defined
    for option in mode.options():
        assert f"{option.name}: {option.metadata['meaning']}" in said


def test_json(article: Facts) -> None:
    """The JSON of plans, networks and reports has these keys."""
    plan = Nat().plan(article)

    assert {*plan.to_dict()} == {"format", *Plan.__dataclass_fields__}
    assert {"name", "mode", "state", "topology", "parameters"} <= {*up(plan).to_dict()}
    assert {*Report("A", "nat", ()).to_dict()} == {"namespace", "mode", "results"}


def test_parameters_as_python_has_them() -> None:
    """Lists, numbers, addresses and None are the text that the command line has."""
    from ipaddress import IPv4Interface

    given = Nat(
        publish=["8080:80", "53:53/udp"], dns=["1.1.1.1"], address=IPv4Interface("10.9.0.2/24")
    )

    assert given == Nat(publish="8080:80,53:53/udp", dns="1.1.1.1", address="10.9.0.2/24")
    assert Nat(publish=None, bridge=None) == Nat()
