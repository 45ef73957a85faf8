"""A network that netmodes made, and the devices and addresses that it consists of."""

from dataclasses import asdict, dataclass
from ipaddress import IPv4Interface, IPv4Network, ip_interface
from typing import Any

from netmodes.errors import Refused
from netmodes.plan.promise import Promise
from netmodes.plan.step import Step
from netmodes.plan.text import one_line, plain, text_by_name, texts


@dataclass(frozen=True)
class Topology:
    """The devices and addresses of one namespace's network; "" for what its mode does not have.

    A mode settles its options on a machine's facts, and this value is the result.

    Args:
        device: the namespace's device.
        address: the namespace's address, in CIDR.
        host_device: the host's end of the cable.
        ingress: the host's device that the namespace's packets come in on: host_device or bridge.
        host_address: the address of ``ingress``, in CIDR.
        bridge: the bridge that the host's end is a port of.
        uplink: the host's NIC that leads outside: another port of the bridge.
        gateway: the next hop of the namespace's default route, without a prefix length.
        subnets: the subnets that the namespace reaches directly, in CIDR.
        joins: the name of the network whose bridge this one joins.
    """

    device: str
    address: str
    host_device: str = ""
    ingress: str = ""
    host_address: str = ""
    bridge: str = ""
    uplink: str = ""
    gateway: str = ""
    subnets: tuple[str, ...] = ()
    joins: str = ""

    @property
    def bridge_address(self) -> str:
        """The bridge's address, in CIDR."""
        return self.host_address if self.bridge else ""

    @property
    def ends_at_host(self) -> bool:
        """Whether the cable leads to the host itself, and no further: to no bridge or next hop."""
        return bool(self.host_device) and not self.bridge and not self.gateway

    @property
    def host_devices(self) -> list[str]:
        """The host's devices that belong to the network: its end, the bridge and the uplink."""
        return [name for name in (self.host_device, self.bridge, self.uplink) if name]

    @property
    def ours(self) -> list[str]:
        """What a line about the network names: a device, or a subnet that a policy rule is for."""
        return [*self.host_devices, *self.subnets]


@dataclass(frozen=True)
class Network:
    """One namespace's network that netmodes made: it is up, or its run was interrupted.

    Args:
        name: the namespace's name.
        mode: the mode's name; "" where the journal cannot be read.
        parameters: every option of the mode by name, settled, as text.
        topology: its devices and addresses.
        state: "up", "unconfirmed" (up, while the watcher waits), "at work" (another process puts it
            up or takes it down), "interrupted" or "unreadable".
        shares: its steps that other networks may share.
        promises: who reaches whom, and who must not.
        run: the id of the run that made it; "" in a journal of format 1.
        parents: folders that its undo removes if nothing else is in them.
        among: the names of all namespaces that were made with it, if it is one of several.
    """

    name: str
    mode: str
    parameters: dict[str, str]
    topology: Topology
    state: str
    shares: tuple[Step, ...] = ()
    promises: tuple[Promise, ...] = ()
    run: str = ""
    parents: tuple[str, ...] = ()
    among: tuple[str, ...] = ()

    @property
    def journal(self) -> str:
        """The name of its journal, which it may have in common with others."""
        return name_of(self.among or (self.name,))

    @property
    def published(self) -> str:
        """The ports of the host that are passed on to it, as ``--publish`` takes them."""
        return self.parameters.get("publish", "")

    def to_dict(self) -> dict[str, Any]:
        """The network as JSON."""
        return asdict(self)


def name_of(namespaces: tuple[str, ...]) -> str:
    """A network's name: its namespace's, or of several, which are known by their own, ``A+2``."""
    others = len(namespaces) - 1
    return f"{namespaces[0]}+{others}" if others else namespaces[0]


def unreadable(name: str) -> Network:
    """A network whose journal cannot be read."""
    return Network(name, "", {}, Topology("", ""), "unreadable")


def refuse_unless_up(network: Network) -> None:
    """Refuse to use a network of ours that is not up, or waits for its confirmation."""
    name = network.name
    if network.state == "unreadable":
        raise Refused(
            f"the journal of {name} cannot be read: `netmodes down {name}` says what to do"
        )
    if network.state == "unconfirmed":
        raise Refused(f"{name} waits for its confirmation: `netmodes confirm {name}`")
    if network.state == "at work":
        raise Refused(
            f"a run is at work on {name}: wait until `netmodes list` says that it is done"
        )
    if network.state != "up":
        raise Refused(f"{name} was interrupted: `netmodes down {name}` undoes it")


def topology_from(data: dict[str, Any]) -> Topology:
    """A topology from its JSON.

    Raises:
        ValueError, LookupError, TypeError, AttributeError: the JSON is no topology.
    """
    subnets = tuple(str(IPv4Network(subnet)) for subnet in texts(data["subnets"]))
    given = text_by_name({key: value for key, value in data.items() if key != "subnets"})
    net = Topology(**given, subnets=subnets)
    first, _, others = net.joins.partition("+")
    for name in (net.device, net.ingress, *net.host_devices, f"{first}{others}"):
        plain(name)
    for address in filter(None, (net.address, net.host_address, net.gateway)):
        if str(IPv4Interface(address)).removesuffix("/32") != address.removesuffix("/32"):
            raise ValueError(f"{address!r} is not written as ip prints it")
    return net


def promises_from(data: Any) -> tuple[Promise, ...]:  # noqa: ANN401
    """Promises from their JSON."""
    return tuple(_promise_from(**promise) for promise in data)


def _promise_from(source: Any, target: Any, reachable: Any) -> Promise:  # noqa: ANN401
    return Promise(one_line(source), one_line(target), bool(reachable))  # type: ignore[arg-type]


def topology_of(given: dict[str, str]) -> Topology:
    """The topology of a network whose journal has format 1, worked out from its parameters."""
    names = ("device", "address", "host_device", "bridge", "uplink")
    named = {name: given.get(name, "") for name in names}
    host_address = given.get("host_address") or given.get("bridge_address", "")
    to_bridge = host_address.partition("/")[0] if named["bridge"] else ""
    return Topology(
        **named,
        ingress=named["bridge"] or named["host_device"],
        host_address=host_address,
        gateway=given.get("gateway", to_bridge),
        subnets=(str(ip_interface(named["address"]).network),) if named["address"] else (),
    )
