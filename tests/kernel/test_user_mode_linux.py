import shutil
from pathlib import Path

import pytest
from uml import boot

pytestmark = pytest.mark.skipif(
    not shutil.which("linux.uml"), reason="needs user-mode Linux: apt install user-mode-linux kmod"
)


def test_dummy() -> None:
    """The article's own line makes a dummy interface."""
    assert boot("ip link add dummy0 type dummy && ip -brief link show dummy0 | cut -c-6") == (
        0,
        "dummy0\n",
    )


def test_exit_status() -> None:
    """The script's exit status and both its output streams come back."""
    assert boot("echo out; echo err >&2; exit 3") == (3, "out\nerr\n")


def test_writes_stay_in_memory(tmp_path: Path) -> None:
    """What the guest removes and writes as root stays as it was on the machine."""
    kept, new = tmp_path / "kept", tmp_path / "new"
    kept.write_text("the machine's")
    script = f"rm {kept} && echo guest > {new} && cat {new}"
    assert boot(script) == (0, "guest\n")
    assert (kept.read_text(), new.exists()) == ("the machine's", False)


def test_timeout() -> None:
    """A guest that takes too long is killed, and the caller told."""
    with pytest.raises(TimeoutError, match="no end within"):
        boot("sleep infinity", timeout=0.1)
