"""User-mode Linux: a kernel of one's own on the machine's files, whose writes stay in memory."""

import contextlib
import os
import signal
import subprocess
import tempfile
from pathlib import Path

MODULES = Path("/usr/lib/uml/modules")
PACKAGES = {
    Path("/usr/bin/linux.uml"): "user-mode-linux",
    MODULES: "user-mode-linux",
    Path("/sbin/modprobe"): "kmod",
}
KERNEL = (
    "linux.uml mem=512M noreboot root=/dev/root rootfstype=hostfs ro con=null con0=null,fd:1 quiet"
)
#: Goes before a command that makes a lab: its root can read what the caller can, not what root can.
AS_CALLER = ("setpriv", f"--reuid={os.getuid()}", f"--regid={os.getgid()}", "--clear-groups")
INIT = r"""#!/bin/bash
set -e
trap 'echo o > /proc/sysrq-trigger; sleep infinity' EXIT
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
here=${0%/*}

results() {  # two open files, and no way to any other: their mount goes at once
    mount -t hostfs -o "$here,sync" hostfs /mnt 2>/dev/null ||
        mount -t hostfs -o "hostfs=$here,sync" hostfs /mnt  # since Linux 6.11
    exec >> /mnt/output 2>&1 3> /mnt/status
    umount -l /mnt
}

root() {  # the machine's files under a layer of memory, then without a path to the files themselves
    modprobe -d "$here" overlay
    mount -t tmpfs tmpfs /run
    mkdir /run/upper /run/work /run/root
    mount -t overlay -o lowerdir=/,upperdir=/run/upper,workdir=/run/work overlay /run/root
    cd /run/root
    pivot_root . .
    umount -l .
}

mounts() {
    mount -t proc proc /proc
    mount -t sysfs sysfs /sys
    mount -t tmpfs tmpfs /run
    mount -t devpts devpts /dev/pts
    mount -t tmpfs tmpfs /dev/shm
    mkdir -p /lib/modules
    mount --bind /usr/lib/uml/modules /lib/modules
}

network() {
    modprobe dummy numdummies=0  # by itself it makes a dummy0
    modprobe ipv6                # all others load when they are first used
    ip link set lo up
    echo localhost > /proc/sys/kernel/hostname
}

mount -t proc proc /proc
results
root
mounts
network
set +e
env -i PATH="$PATH" HOME=/root bash "$here/script" < /dev/null 3>&-
echo $? >&3
"""


def boot(script: str, *, timeout: float = 60) -> tuple[int, str]:
    """Run a bash script as root in a user-mode Linux; its exit status and what it printed."""
    _require_packages()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        _write_files(directory, script)
        try:
            _run_kernel(directory, timeout)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"no end within {timeout} s\n{_read(directory, 'output')}") from None
        if status := _read(directory, "status"):
            return int(status), _read(directory, "output")
        printed = _read(directory, "console") + _read(directory, "output")
        raise RuntimeError(f"user-mode Linux did not run the script\n{printed}")


def _require_packages() -> None:
    for path, package in PACKAGES.items():
        if not path.exists():
            raise RuntimeError(f"{path} is missing: apt install {package}")


def _write_files(directory: Path, script: str) -> None:
    files = {"init": INIT, "script": script, "console": "", "output": "", "status": ""}
    for name, text in files.items():
        (directory / name).write_text(text, encoding="utf-8")
    (directory / "init").chmod(0o700)
    (directory / "lib").mkdir()
    (directory / "lib/modules").symlink_to(MODULES)


def _read(directory: Path, name: str) -> str:
    return (directory / name).read_text(encoding="utf-8", errors="replace")


def _run_kernel(directory: Path, timeout: float) -> None:
    with (directory / "console").open("w") as console:
        kernel = subprocess.Popen(
            [*KERNEL.split(), f"init={directory}/init", f"uml_dir={directory}"],
            env=os.environ | {"TMPDIR": str(directory)},  # where it maps its memory
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            start_new_session=True,
        )
    try:
        kernel.wait(timeout)
    finally:
        # All at once: a guest's process that outlives its kernel would run on, on the machine.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(kernel.pid, signal.SIGKILL)
        kernel.wait()
