"""Another network namespace, from this process: setns(2), which Python has since 3.12."""

import ctypes
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Done = TypeVar("Done")

LIBC = ctypes.CDLL(None, use_errno=True)


def go_into(namespace: Path) -> None:
    """Go into the namespace that is mounted on a file."""
    with namespace.open() as file:
        call(LIBC.setns, file.fileno(), 0)


def there(namespace: str | Path, do: Callable[..., Done], *arguments: object) -> Done:
    """What a function gives in a network namespace, by its file; "" is this one."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as alone:  # setns(2) is for one thread
        return alone.submit(_there, namespace, do, *arguments).result()


def _there(namespace: str | Path, do: Callable[..., Done], *arguments: object) -> Done:
    if namespace:
        go_into(Path(namespace))
    return do(*arguments)


def socket_of(namespace: str | Path, *kind: int) -> socket.socket:
    """A socket of a network namespace by its file; "" is this one. It stays where it was made."""
    return there(namespace, socket.socket, *kind)


def call(function: Callable[..., int], *arguments: object) -> None:
    """Call a function of the C library.

    Raises:
        OSError: it fails.
    """
    if function(*arguments) == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
