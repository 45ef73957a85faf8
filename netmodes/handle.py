"""A network that is up, in Python: what it has, and what can be done with it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface
from os import PathLike
from typing import TYPE_CHECKING, Any

from netmodes import network
from netmodes.engine import execute
from netmodes.engine.down import network_of
from netmodes.engine.execute import Word
from netmodes.engine.record import Outcome, Record
from netmodes.engine.runner import Echo
from netmodes.errors import Refused
from netmodes.plan.answer import Answer
from netmodes.plan.network import Network, refuse_unless_up
from netmodes.plan.report import Report

if TYPE_CHECKING:
    from typing_extensions import Self


class Verbs:
    """What can be done with a network that is up; its class says the name of its namespace."""

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
        """Run a command in the namespace, to its end.

        Returns:
            The line, exit status, output and duration; an exit status that is not 0 raises nothing.

        Raises:
            Refused: this shell is inside a network of ours, or ``ip`` is not installed.
        """
        return network.run(self._one, *argv)

    def check(self, *, outside: str = "", echo: Echo | None = None) -> Report:
        """Try every promise of the network: who reaches whom, and who must not.

        Args:
            outside: an IPv4 address or a host's name outside, to be tried as well.
            echo: is given each line before it runs.

        Raises:
            Refused: the network is not up, or ``outside`` is not outside.
        """
        return network.check(self._one, outside=outside, echo=echo)

    def why(self, target: str, *, echo: Echo | None = None) -> Answer:
        """Follow a packet from the namespace, as the kernel would, to the first fault.

        Args:
            target: ``"8.8.8.8"``, ``"example.com:443"``: an address or a name, and a TCP port.
            echo: is given each line before it runs.

        Raises:
            Refused: the network is not up, or ``target`` is no target.
        """
        return network.why(self._one, target, echo=echo)


@dataclass(frozen=True)
class Handle(Verbs):
    """A network that is up, for use: of a ``with``, or of ``running``, which leaves it up.

    Of several namespaces that were put up at once it stands for all: ``net["web2"]`` is one.

    Example::

        with HostOnly() as net:
            server = net.popen(["python3", "-m", "http.server", "80"])
            page = net.run(["curl", "-s", f"{net.address}"], check=True).stdout

    Args:
        namespace: the namespace's name; several with commas between.
        record: the record of the run that put it up, if this ``with`` did.
    """

    namespace: str
    record: Record | None = field(default=None, repr=False)
    _started: list[subprocess.Popen[Any]] = field(default_factory=list, repr=False, compare=False)

    def __getitem__(self, namespace: str) -> Handle:
        """One of several namespaces.

        Raises:
            KeyError: it is none of them.
        """
        if namespace not in self.namespace.split(","):
            raise KeyError(namespace)
        return Handle(namespace, self.record, self._started)

    def __len__(self) -> int:
        """How many namespaces it stands for."""
        return len(self.namespace.split(","))

    def __iter__(self) -> Iterator[Handle]:
        """Each of several namespaces, in their order; of one this."""
        return map(self.__getitem__, self.namespace.split(","))

    @property
    def network(self) -> Network:
        """The network as it is in the journal: its mode, devices and addresses.

        Raises:
            Refused: it is not up any more.
        """
        return network_of(self._one)

    @property
    def address(self) -> IPv4Address:
        """The namespace's address."""
        return IPv4Interface(self.network.topology.address).ip

    @property
    def host_address(self) -> IPv4Address | None:
        """The host's address, or its bridge's, in the namespace's subnet; isolated has none."""
        return _address(self.network.topology.host_address)

    @property
    def gateway(self) -> IPv4Address | None:
        """The next hop of the namespace's default route, where its mode gives one."""
        return _address(self.network.topology.gateway)

    @property
    def device(self) -> str:
        """The namespace's device."""
        return self.network.topology.device

    @property
    def host_device(self) -> str:
        """The host's end of the cable; "" for none."""
        return self.network.topology.host_device

    @property
    def bridge(self) -> str:
        """The bridge that it is a port of; "" for none."""
        return self.network.topology.bridge

    def run(
        self,
        argv: Word | Sequence[Word],
        *,
        check: bool = False,
        timeout: float | None = None,
        input: str | bytes | None = None,
        env: Mapping[str, str] | None = None,
        cwd: Word | None = None,
        text: bool | None = None,
        user: str | None = None,
        **options: Any,  # noqa: ANN401
    ) -> subprocess.CompletedProcess[Any]:
        """Run a program in the namespace, to its end; its output is in the result.

        All arguments but ``user`` are those of ``subprocess.run``.

        Args:
            argv: the program and its arguments; a ``Path`` is one. A text alone is a program.
            check: raise ``CalledProcessError`` for an exit status that is not 0.
            timeout: seconds after which it is killed.
            input: what it reads.
            env: its environment; None for this process's.
            cwd: the folder that it runs in.
            text: input and output are text, not bytes.
            user: the user to run it as; None for this one.
            options: more of them; ``stdout`` or ``stderr`` for output that is not in the result.

        Raises:
            FileNotFoundError: there is no such program.
            Refused: the network is not up any more, this process is not root, or no such user.
            CalledProcessError, TimeoutExpired: as ``subprocess.run`` raises them.
        """
        own = self._command(argv, user, {"env": env, "cwd": cwd})
        return subprocess.run(
            own,
            check=check,
            timeout=timeout,
            input=input,
            env=env,
            cwd=cwd,
            text=text,
            **_streams(options),
        )

    def popen(
        self,
        argv: Word | Sequence[Word],
        *,
        user: str | None = None,
        **options: Any,  # noqa: ANN401
    ) -> subprocess.Popen[Any]:
        """Start a program in the namespace; it is ended at the end of the ``with``.

        Args:
            argv: the program and its arguments.
            user: the user to run it as; None for this one.
            options: those of ``subprocess.Popen``.

        Raises:
            FileNotFoundError: there is no such program.
            Refused: the network is not up any more, this process is not root, or no such user.
        """
        process = subprocess.Popen(self._command(argv, user, options), **options)
        self._started.append(process)
        return process

    def entered(self) -> AbstractContextManager[None]:
        """This thread in the namespace, for the length of a ``with``: its sockets live there.

        Other threads stay where they are; a thread or process that is started meanwhile is inside.
        An ``await`` in it would have other tasks run inside as well.
        """
        self._refuse_gone()
        return execute.entered(self._one)

    def _command(
        self, argv: Word | Sequence[Word], user: str | None, options: Mapping[str, Any]
    ) -> list[str | bytes]:
        self._refuse_gone()
        words = [argv] if isinstance(argv, str | bytes | PathLike) else argv
        return execute.command(self._one, words, user, options)

    def _refuse_gone(self) -> None:
        network.need_root()
        refuse_unless_up(self.network)

    def end(self) -> None:
        """End what ``popen`` has started."""
        execute.end(self._started)
        self._started.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


def _streams(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of ``subprocess.run``, by which all output is in the result if nothing is said."""
    said = {"stdout", "stderr", "capture_output"} & {*options}
    return {**options, **({} if said else {"capture_output": True})}


def _address(text: str) -> IPv4Address | None:
    return IPv4Interface(text).ip if text else None


def running(name: str) -> Handle:
    """The network of this namespace, which is up and stays up.

    Raises:
        Refused: there is no such network, or it is not up.
    """
    handle = Handle(name)
    refuse_unless_up(handle.network)
    return handle
