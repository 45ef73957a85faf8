"""Mounts, as /proc/PID/mountinfo lists them (proc(5)): which one holds a path for a process."""

import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True)
class Mount:
    """A mount.

    Args:
        id: tells it from every other mount of the machine.
        parent: the id of the mount that it is mounted on.
        point: where it is mounted.
        device: its file system.
        root: the folder of the file system that is mounted.
        shared: its peer group: what is mounted in one of the group is mounted in each; "" for none.
        master: the peer group that it receives mounts from; "" for none.
    """

    id: str
    parent: str
    point: Path
    device: str
    root: Path
    shared: str
    master: str

    def place(self, path: Path) -> tuple[str, Path]:
        """Where a path of this mount is, whatever the mount namespace."""
        return self.device, self.root / path.relative_to(self.point)

    def shows(self, other: "Mount") -> bool:
        """Whether what is mounted in the other is mounted here as well."""
        return self.id == other.id or (
            other.shared != "" and other.shared in (self.shared, self.master)
        )


def holding(path: Path, pid: str) -> Mount | None:
    """The mount that holds a path for a process; None if that is unknown."""
    return holding_each([path], pid).get(path)


def holding_each(paths: Collection[Path], pid: str) -> dict[Path, Mount]:
    """The same for several paths, whose mounts are read once; none where they are unknown."""
    above = {point for path in paths for point in (path, *path.parents)}
    by_point: dict[Path, list[Mount]] = {}
    with suppress(OSError):
        for mount in _mounts(pid, {str(point) for point in above}):
            by_point.setdefault(mount.point, []).append(mount)
    found = {path: _holding(path, by_point) for path in paths}
    return {path: mount for path, mount in found.items() if mount}


def _holding(path: Path, by_point: dict[Path, list[Mount]]) -> Mount | None:
    mounts = [one for point in (path, *path.parents) for one in by_point.get(point, ())]
    held, on_it = None, mounts
    while on_it:
        held = min(on_it, key=lambda mount: len(mount.point.parts))
        on_it = [mount for mount in mounts if mount.parent == held.id != mount.id]
    return held


def _mounts(pid: str, points: Collection[str]) -> Iterator[Mount]:
    """What is mounted at these points."""
    text = Path(PROC, pid, "mountinfo").read_text(errors="replace")
    for words in (line.split(" ") for line in text.split("\n") if line):
        point = re.sub(r"\\(\d{3})", lambda octal: chr(int(octal[1], 8)), words[4])
        if point in points:
            yield _mount(point, *words)


def _mount(point: str, id_: str, parent: str, device: str, root: str, *more: str) -> Mount:
    peers = dict(word.split(":") for word in more[: more.index("-")] if ":" in word)
    groups = peers.get("shared", ""), peers.get("master", "")
    return Mount(id_, parent, Path(point), device, Path(root), *groups)
