"""Names: what the kernel and ``ip`` take for one, and which comes next."""

import pytest

from netmodes import Bridged, Facts, HostOnly, Isolated, Refused
from netmodes.commands.devices import (
    free_device,
    free_pair,
    validate_device,
    validate_namespace,
    validate_pair,
)
from netmodes.machine.entries import Link


def machine(*devices: str) -> Facts:
    """The facts of a machine that has these devices."""
    return Facts(links=[*map(Link, devices)])


@pytest.mark.parametrize("name", ["A", "dummy0", "br-1a2b.c_d", "a" * 9 + "123456", "7up", "lo0"])
def test_device(name: str) -> None:
    """Fifteen letters, digits, underscores, dots and dashes are a device's name."""
    assert validate_device(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "a b",
        "a/b",
        "-a",
        ".",
        "..",
        ".a",
        "_a",
        "a:b",
        "a\n",
        "a\0b",
        "ä",
        "٣",
        "$(id)",
        "%n",
        "a;b",
    ],
)
def test_device_not_plain(name: str) -> None:
    """Anything but a plain word is refused."""
    with pytest.raises(Refused, match="is not plain"):
        validate_device(name)


def test_device_too_long() -> None:
    """The kernel has room for fifteen characters."""
    with pytest.raises(Refused, match="too long: at most 15"):
        validate_device("a" * 16)


@pytest.mark.parametrize(
    "name",
    ["a", "addr", "address", "t", "type", "name", "dev", "up", "down", "netns", "index", "h"],
)
def test_device_keyword(name: str) -> None:
    """A word that ip reads as a keyword, also cut short, is refused."""
    with pytest.raises(Refused, match="is a keyword to ip"):
        validate_device(name)


@pytest.mark.parametrize("name", ["if5", "if-1", "if42x"])
def test_device_index(name: str) -> None:
    """A word that ip reads as the index of another device is refused."""
    with pytest.raises(Refused, match="reads as a device's index"):
        validate_device(name)


@pytest.mark.parametrize("name", ["A", "a" * 250, "web-1.example_com", "0xg", "12a", "default"])
def test_namespace(name: str) -> None:
    """A plain word that a journal can be named after is a namespace's."""
    assert validate_namespace(name) is None


@pytest.mark.parametrize("name", ["", "a/b", "..", ".", "-a", "a b", "a\n", "ä", "$(id)", "%n"])
def test_namespace_not_plain(name: str) -> None:
    """Anything but a plain word is refused, nothing at all as well."""
    with pytest.raises(Refused, match="is not plain"):
        validate_namespace(name)


def test_namespace_too_long() -> None:
    """A name that no journal can have is refused, and only its beginning shown."""
    with pytest.raises(Refused, match="too long: at most 250") as refusal:
        validate_namespace("a" * 251)

    assert len(str(refusal.value)) < 100


@pytest.mark.parametrize("name", ["1", "0042", "0x1F", "0b11"])
def test_namespace_process(name: str) -> None:
    """A word that ip reads as a process is refused."""
    with pytest.raises(Refused, match="reads as a process number"):
        validate_namespace(name)


@pytest.mark.parametrize("mode", [Isolated, HostOnly, Bridged])
def test_checked_when_made(mode: type[Isolated | HostOnly | Bridged]) -> None:
    """A mode cannot be made with a name that is none."""
    uplink = {"uplink": "enp0s1"} if mode is Bridged else {}

    with pytest.raises(Refused, match="namespace name 'a b'"):
        mode(namespace="a b", **uplink)
    with pytest.raises(Refused, match="device name 'a b'"):
        mode(device="a b", **uplink)


def test_pair_of_one() -> None:
    """Both ends of a cable cannot have one name."""
    with pytest.raises(Refused, match="given to both ends"):
        validate_pair("veth0", "veth0")


@pytest.mark.parametrize("end", ["host_device", "device"])
def test_bridge_is_no_end(end: str) -> None:
    """A bridge and an end of the cable that joins it cannot have one name."""
    with pytest.raises(Refused):
        Bridged(uplink="enp0s1", bridge="cable", **{end: "cable"})


def test_pair_of_open_ends() -> None:
    """Ends that are not named yet are not the same."""
    assert validate_pair("", "") is None


@pytest.mark.parametrize(
    ("there", "expected"),
    [((), "br0"), (("br0",), "br1"), (("br0", "br1", "br3"), "br2"), (("br1",), "br0")],
)
def test_free_device(there: tuple[str, ...], expected: str) -> None:
    """The next free device is the article's, counted up past those that are there."""
    assert free_device("", "br0", machine(*there)) == expected


def test_free_device_by_name() -> None:
    """A name that is given is taken as it is, and refused where it is taken."""
    assert free_device("lan", "br0", machine("br0")) == "lan"
    with pytest.raises(Refused, match="device lan exists"):
        free_device("lan", "br0", machine("lan"))


@pytest.mark.parametrize(
    ("given", "there", "expected"),
    [
        (("", ""), (), ("veth0", "veth1")),
        (("", ""), ("veth0",), ("veth2", "veth3")),
        (("", ""), ("veth1", "veth2"), ("veth4", "veth5")),
        (("near", ""), (), ("near", "veth1")),
        (("near", ""), ("veth1",), ("near", "veth3")),
        (("", "far"), (), ("veth0", "far")),
        (("", "far"), ("veth0",), ("veth2", "far")),
        (("", "veth0"), (), ("veth2", "veth0")),
        (("veth1", ""), (), ("veth1", "veth3")),
        (("near", "far"), ("veth0", "veth1"), ("near", "far")),
    ],
)
def test_free_pair(
    given: tuple[str, str], there: tuple[str, ...], expected: tuple[str, str]
) -> None:
    """Ends that are not named are the first free pair, or the first free end beside the other."""
    assert free_pair(*given, machine(*there)) == expected


@pytest.mark.parametrize("given", [("near", ""), ("", "near"), ("near", "far"), ("far", "near")])
def test_free_pair_taken(given: tuple[str, str]) -> None:
    """An end that the host has already is refused, whichever it is."""
    with pytest.raises(Refused, match="device near exists"):
        free_pair(*given, machine("near"))
