"""What the host forwards: IPv4 for bridged and nat, nothing for host-only, IPv6 for neither."""

import re
from collections.abc import Iterator
from dataclasses import replace

from netmodes.commands import looks, sysctl
from netmodes.machine.facts import Facts
from netmodes.plan.finding import Finding
from netmodes.plan.look import Look
from netmodes.plan.network import Network
from netmodes.plan.requirement import Requirement
from netmodes.plan.step import Step
from netmodes.plan.undo import BEFORE, Undo

KEY = "net.ipv4.ip_forward"

#: What a new device has as its own settings.
NEW = "default"

#: The share of the step that switches forwarding on.
SHARE = f"sysctl {KEY}"

#: Who depends on forwarding: the bridges of container engines, and NAT. By what tells them in the
#: facts, a look for each.
ENGINES, NAT = (
    "(docker|virbr|podman|cni|lxdbr|incusbr)[0-9]+|br-[0-9a-f]{12}",
    "masquerade|[sd]nat to",
)
USERS: dict[str, Look] = {
    ENGINES: looks.links(f'"ifname":"({ENGINES})",.*"info_kind":"bridge"'),
    NAT: looks.ruleset(f"({NAT})"),
    "MASQUERADE|[SD]NAT": looks.saved_rules("nat", "-j (MASQUERADE|[SD]NAT)"),
}


def switch_on(facts: Facts) -> Iterator[Step]:
    """Let the host forward, unless it does; host-only networks still end at the host."""
    if _is_on(facts):
        return
    yield _forward(facts)
    for network in _ending_at_host(facts):
        yield keep_to_host(network.topology.host_device, network.name)


def off(device: str, facts: Facts) -> Finding | None:
    """The host forwards nothing that comes in by a device."""
    on = facts.with_ip_forward
    if on is None or f"net/ipv4/conf/{device}/forwarding" in on:
        return None
    is_on = (facts.sysctls or {}).get(KEY) == "1"
    key = sysctl.device_key(device, "ipv4.forwarding") if is_on else KEY
    what, fix = f"the host passes nothing on ({key} is 0)", f"sysctl -w {key}=1"
    return Finding("error", what, f"sysctl {key}", fix=fix, about=device)


def no_answers(out: str, facts: Facts) -> Iterator[Finding]:
    """The host forwards, but not what comes in by the device that leads outside."""
    if _is_on(facts) and facts.link(out) and (found := off(out, facts)):
        yield replace(found, what=f"no answer would come back by {out}, for {found.what}")


def through(bridge: str, facts: Facts) -> Iterator[Step]:
    """Forward what comes in on a new bridge, where the host forwards but not by new devices."""
    if _is_on(facts) and f"net/ipv4/conf/{NEW}/forwarding" not in facts.known("with_ip_forward"):
        why = f"the host forwards, but not what comes in on a new device: on {bridge} it does"
        yield sysctl.write_settings(bridge, {"ipv4.forwarding": "1"}, why).as_guard(
            f"the host passes on nothing that comes in on {bridge}"
        )


def requirements(facts: Facts) -> Iterator[Requirement]:
    """The host still forwards if it did; otherwise the host-only networks are still up."""
    if not _is_on(facts):
        yield from map(_still_up, _ending_at_host(facts))
    elif not facts.shared(SHARE):
        otherwise = f"the host does not forward any more ({KEY} is 0): export again"
        yield Requirement(looks.setting(KEY, "1"), True, otherwise)


def keep_to_host(device: str, namespace: str) -> Step:
    """Do not forward what comes in by a device; the setting vanishes with the device."""
    why = f"what comes from {namespace} goes no further than the host"
    return sysctl.write_settings(device, {"ipv4.forwarding": "0"}, why).as_guard(
        f"if the host forwards, for Docker or nat, {namespace} reaches further, and others reach it"
    )


def ipv4_alone(device: str, namespace: str, facts: Facts) -> Iterator[Step]:
    """Let no IPv6 in or out by a device; the settings vanish with the device.

    Its ``ipv6.forwarding`` would not do (docs/kernel.md#ip-forwarding).
    """
    if facts.has_ipv6:
        settings = {"ipv6.accept_ra": "0", "ipv6.disable_ipv6": "1"}
        yield sysctl.write_settings(device, settings, f"{device} carries IPv4 alone").as_guard(
            f"{namespace} can give the host an IPv6 default route, and reaches further if the host "
            "forwards IPv6"
        )


def _forward(facts: Facts) -> Step:
    """``sysctl -w net.ipv4.ip_forward=1``.

    The undo puts back the settings that change with it (docs/kernel.md#ip-forwarding). It leaves
    forwarding on if somebody depends on it by then; signs from before the run do not count.
    """
    along = (f"{name}={value}" for name, value in (facts.with_ip_forward or {}).items())
    today = "\n".join([*(link.name for link in facts.known("links")), *(facts.nft or ())])
    users = (look for sign, look in USERS.items() if not re.search(sign, today, re.IGNORECASE))
    argv = ("sysctl", "-w", f"{KEY}={BEFORE}", *along)
    undo = Undo(looks.setting(KEY), argv, users=tuple(users))
    return replace(sysctl.write(KEY, 1, "the host passes on what is not for it"), undo=undo)


def _is_on(facts: Facts) -> bool:
    return bool(facts.known("sysctls")[KEY] == "1")


def _ending_at_host(facts: Facts) -> list[Network]:
    """The networks that are up and go no further than the host."""
    networks: list[Network] = facts.known("networks")
    return [one for one in networks if one.topology.ends_at_host and one.state == "up"]


def _still_up(network: Network) -> Requirement:
    device = network.topology.host_device
    otherwise = f"{network.name} is not up any more, and has no {device}: export again"
    return Requirement(looks.links(looks.named(device)), True, otherwise, guard=True)
