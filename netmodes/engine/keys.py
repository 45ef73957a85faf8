"""Keyrings: who is in a session may read its keys, be it as another user (keyrings(7))."""

import ctypes
import os

#: The number of keyctl(2), for which the C library has no function.
KEYCTL = {
    **{"x86_64": 250, "aarch64": 219, "riscv64": 219, "loongarch64": 219},
    **{"i686": 288, "armv7l": 311, "ppc64le": 271, "s390x": 280},
}

JOIN_SESSION_KEYRING = 1


def leave() -> None:
    """Go on without the keys of this session; a kernel or container without keyrings has none."""
    if number := KEYCTL.get(os.uname().machine):
        ctypes.CDLL(None).syscall(number, JOIN_SESSION_KEYRING, None)
