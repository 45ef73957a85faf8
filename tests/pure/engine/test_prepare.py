"""What is known of a machine before the first command, and refused."""

import os
import shutil
from pathlib import Path

import pytest
from console import machine

from netmodes import HostOnly, Nat, Refused
from netmodes.engine.prepare import FOR_ALL, foresee, prepare
from netmodes.engine.runner import Runner
from netmodes.machine import abilities, permissions, writable

PLAN = HostOnly(namespace="a-name-of-its-own").plan(machine("article"))


def prepared() -> None:
    """Prepare for the plan."""
    with prepare(PLAN, Runner()):
        pass


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine where all is well, with a /proc/sys of its own."""
    monkeypatch.setattr("netmodes.engine.prepare.NAMESPACES", tmp_path)
    monkeypatch.setattr(writable, "SETTINGS", tmp_path)
    monkeypatch.setattr(shutil, "which", lambda program, **_: f"/bin/{program}")
    monkeypatch.setattr(os, "access", lambda *_: True)
    monkeypatch.setattr(abilities, "has_kind", lambda *_, **__: None)
    conf = tmp_path / "net/ipv4/conf/default"
    conf.mkdir(parents=True)
    (conf / "forwarding").write_text("1\n")
    return conf


def test_all_is_well() -> None:
    """Nothing is run to know it, and what is unknown is no trouble."""
    prepared()


def test_foresee(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is not root asks only what tells him the truth; who is asks the firewall as well."""
    asked = list[str]()
    monkeypatch.setattr(Runner, "word", lambda _, look: asked.append(look.argv[0]))
    plan = Nat(publish="8080:80").plan(machine("article"))

    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    foresee(plan, Runner())
    assert {*asked} == {"ss"} < {*FOR_ALL}

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    foresee(plan, Runner())
    assert "sh" in asked


@pytest.mark.parametrize("program", ["ip", "sed", "grep", "rmdir", "find"])
def test_program(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that is missing is named, whether up or its undo runs it."""
    monkeypatch.setattr(shutil, "which", lambda name, **_: None if name == program else name)

    with pytest.raises(Refused, match=f"there is no `{program}` on PATH: install "):
        prepared()


def test_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kind of device that the kernel is known not to have is named."""
    monkeypatch.setattr(abilities, "has_kind", lambda kind, **_: kind != "veth")

    with pytest.raises(Refused, match="no device type veth, for every mode but isolated"):
        prepared()


@pytest.mark.parametrize(("value", "trouble"), [("1", True), ("0", False)])
def test_fixed_setting(
    value: str, trouble: bool, settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A setting that cannot be written is a trouble unless a new device begins with its value."""
    (settings / "forwarding").write_text(f"{value}\n")
    monkeypatch.setattr(os, "access", lambda path, _: Path(path).name != "forwarding")
    argv = ("sysctl", "-w", "net.ipv4.conf.veth0.forwarding=0")

    assert writable.fixed(argv) == ("net.ipv4.conf.default.forwarding=0" if trouble else "")
    assert not writable.is_settled(argv)  # there is no device yet


@pytest.mark.parametrize(
    "key", ["net/ipv4/conf/eth0.5/forwarding", "net.ipv4.conf.eth0.forwarding"]
)
def test_settled(key: str, settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting of a device, whose name may have a dot, needs no write where it is so already."""
    device = settings.parent / ("eth0.5" if "/" in key else "eth0")
    device.mkdir()
    (device / "forwarding").write_text("1\n")
    assert not writable.is_settled(("sysctl", "-w", f"{key}=1"))

    monkeypatch.setattr(os, "access", lambda *_: False)

    assert writable.is_settled(("sysctl", "-w", f"{key}=1"))
    assert not writable.is_settled(("sysctl", "-w", f"{key}=0"))
    assert writable.fixed(("sysctl", "-w", f"{key}=0")) == f"{key}=0"


def test_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A masked /sys is named, for `ip netns exec` must mount another."""
    monkeypatch.setattr("netmodes.engine.prepare.masked_sysfs", lambda: True)

    with pytest.raises(Refused, match="a part of /sys is hidden"):
        prepared()


@pytest.mark.parametrize(
    ("status", "lacking"),
    [
        ({"CapEff": "000001ffffffffff"}, ""),
        ({"CapEff": "00000000a80435fb"}, "no CAP_SYS_ADMIN"),
        ({"CapEff": "00000000a80425fb"}, "no CAP_NET_ADMIN and no CAP_SYS_ADMIN"),
        ({}, ""),
    ],
)
def test_capabilities(
    status: dict[str, str], lacking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Capabilities that are missing are named; where they are unknown none is missing."""
    monkeypatch.setattr(permissions, "status", lambda: status)

    finding = permissions.no_permission()

    assert (finding is not None) is bool(lacking)
    assert lacking in str(finding)
