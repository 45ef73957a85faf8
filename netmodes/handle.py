"""A network by its name: the verbs that use one which is up, and leave it up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from netmodes import network
from netmodes.engine.down import network_of
from netmodes.engine.record import Outcome
from netmodes.engine.runner import Echo
from netmodes.errors import Refused
from netmodes.plan.answer import Answer
from netmodes.plan.network import Network, refuse_unless_up
from netmodes.plan.report import Report

if TYPE_CHECKING:
    from typing_extensions import Self


class Verbs:
    """What can be done with a network that is up; its class says the name of its namespace.

    Of several namespaces that were put up at once, ``netmodes.running("web2")`` is one.
    """

    if TYPE_CHECKING:

        @property
        def namespace(self) -> str:
            """The namespace's name."""

    @property
    def _one(self) -> str:
        if "," in self.namespace:
            first = self.namespace.partition(",")[0]
            raise Refused(f"{self.namespace} are several: `netmodes.running({first!r})` is one")
        return self.namespace

    def exec(self, *argv: str) -> Outcome:
        """Run a command in the namespace; see ``network.run``."""
        return network.run(self._one, *argv)

    def check(self, *, outside: str = "", echo: Echo | None = None) -> Report:
        """Try every promise of the network; see ``network.check``."""
        return network.check(self._one, outside=outside, echo=echo)

    def why(self, target: str, *, echo: Echo | None = None) -> Answer:
        """Follow a packet to the first fault; see ``network.why``."""
        return network.why(self._one, target, echo=echo)


@dataclass(frozen=True)
class Handle(Verbs):
    """A network that somebody put up, for use; it stays up, also after a ``with``.

    Args:
        namespace: the namespace's name.
    """

    namespace: str

    @property
    def network(self) -> Network:
        """The network as it is in the journal: its mode, devices and addresses.

        Raises:
            Refused: it is not up any more.
        """
        return network_of(self.namespace)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def running(name: str) -> Handle:
    """The network of this namespace, which is up and stays up.

    Raises:
        Refused: there is no such network, or it is not up.
    """
    handle = Handle(name)
    refuse_unless_up(handle.network)
    return handle
