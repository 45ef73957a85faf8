"""Questions to the machine."""

import os
import resource
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import Mock

import pytest

from netmodes.errors import Unknown
from netmodes.machine import query
from netmodes.machine.query import ask_all, route_to


@pytest.mark.parametrize("script", ["echo '[{\"dst\"'", "echo '[7]'", "exit 1", "kill -9 $$"])
def test_no_route_is_not_unknown(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is no answer of the kernel's is said, and never taken for an address without a route."""
    ip = tmp_path / "ip"
    ip.write_text(f"#!/bin/sh\n{script}\n")
    ip.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(Unknown, match=r"`ip -d -j route get 192\.0\.2\.1` prints no route"):
        route_to("192.0.2.1")


def test_no_route(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the kernel says that there is none, there is none."""
    (tmp_path / "ip").write_text("#!/bin/sh\nexit 2\n")
    (tmp_path / "ip").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert route_to("192.0.2.1") is None


def test_side_by_side(tmp_path: Path) -> None:
    """A command that prints more than a pipe holds does not wait until it is read."""
    os.mkfifo(tmp_path / "fifo")
    first = ("sh", "-c", 'read -r line <"$0" && echo "$line"', str(tmp_path / "fifo"))
    second = ("sh", "-c", 'head -c 200000 /dev/zero && echo done >"$0"', str(tmp_path / "fifo"))

    found = ask_all({"first": first, "second": second})

    assert [len(done.stdout) for done in found.values() if done] == [len("done\n"), 200000]


IP = """\
#!/bin/sh
echo "$*" >>"$(dirname "$0")/log"
case $* in
*batch*) while read -r line; do echo "[$line]" && [ "$line" != fails ] || exit 1; done ;;
*fails) exit 2 ;;
*) echo "[$3]" ;;
esac
"""


@pytest.mark.parametrize("last", ["last", "fails", "two words"])
def test_one_process(last: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One process answers several questions to ``ip``; who fails, or is quoted, fails by itself."""
    (tmp_path / "ip").write_text(IP)
    (tmp_path / "ip").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    argvs = {word: ("ip", "-d", "-j", word) for word in ("one", "another", last)}

    found = {word: done for word, done in ask_all(argvs).items() if done}

    log = (tmp_path / "log").read_text().splitlines()
    assert [*found] == ["one", "another", last]
    assert [done.stdout for done in found.values()][:2] == ["[one]\n", "[another]\n"]
    assert found[last].returncode == (2 if last == "fails" else 0)
    assert len(log) == {"last": 1, "fails": 4, "two words": 2}[last]


def test_many_files() -> None:
    """A command is waited for however many files this process has open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    with Path("/dev/null").open() as file, ExitStack() as many:
        for _ in range(1100):
            many.callback(os.close, os.dup(file.fileno()))
        done = ask_all({"one": ("echo", "told")})["one"]
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert done is not None
    assert (done.returncode, done.stdout) == (0, "told\n")


def test_old_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command is waited for where the kernel has no pidfd_open, and ended if it hangs."""
    monkeypatch.setattr(os, "pidfd_open", Mock(side_effect=OSError))
    monkeypatch.setattr(query, "PATIENCE", 0.2)

    quick, slow = ask_all({0: ("echo", "told"), 1: ("sleep", "60")}).values()

    assert quick is not None
    assert quick.stdout == "told\n"
    assert slow is not None
    assert "takes over 0.2 s" in slow.stderr
