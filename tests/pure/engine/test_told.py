"""What a script of ours tells: lines are shown as a run's are, and what is wrong is an error."""

import os
import signal
from threading import Timer

import pytest

from netmodes.engine.runner import Runner
from netmodes.engine.told import Told

FAILED = b"Error: A is not wholly down: `ip link del veth0` failed\n"


def heard(text: bytes, status: int) -> tuple[list[str], str]:
    """What is shown, and the trouble, whatever parts it comes in."""
    results = []
    for size in (1, 7, len(text) + 1):
        said: list[str] = []
        told = Told(said.append)
        for start in range(0, len(text), size):
            told.hear(text[start : start + size])
        results.append((said, told.trouble(status)))
    assert results[0] == results[1] == results[2]
    return results[0]


@pytest.mark.parametrize(
    ("text", "status", "said", "trouble"),
    [
        (b"", 0, [], ""),
        (b"[#] ip netns del A\n", 0, ["ip netns del A"], ""),
        (
            b"[#] ip -batch - <<'STDIN'\n[#] a\n\nSTDIN\n[#] rm B\n",
            0,
            ["ip -batch - <<'STDIN'\n[#] a\n\nSTDIN", "rm B"],
            "",
        ),
        (b"[#] rm B\nrm: no\n", 0, ["rm B", "# rm: no"], ""),
        (b"[#] ip a\nError: ipv4: no.\n", 0, ["ip a", "# Error: ipv4: no."], ""),
        (FAILED, 1, [], FAILED.decode()[7:-1]),
        (
            b"[#] ip link del veth0\nError: busy.\n" + FAILED,
            1,
            ["ip link del veth0", "# Error: busy."],
            f"{FAILED.decode()[7:-1]} (Error: busy.)",
        ),
        (b"Error: one\nand two\n", 1, [], "one\nand two"),
        (b"[#] rm B\nbash: killed\n", 137, ["rm B", "# bash: killed"],
         "not wholly down, for bash ended with status 137 (bash: killed)"),
        (b"\xff\n", 1, ["# \ufffd"], "not wholly down, for bash ended with status 1 (\ufffd)"),
    ],
)  # fmt: skip
def test_heard(text: bytes, status: int, said: list[str], trouble: str) -> None:
    """Lines shown, with what they read, are told from complaints; the error is the last."""
    assert heard(text, status) == (said, trouble)


def test_passed_on() -> None:
    """A signal that comes to netmodes alone reaches the script, which sees to it."""
    said: list[str] = []
    end = "exec {PIPE}<> <(:); trap 'echo [#] heard >&2; exit' TERM; echo [#] here >&2; "
    wait = f'{end}while :; do read -t 0.1 -u "$PIPE"; done'
    timer: list[Timer] = []

    def say(line: str) -> None:
        said.append(line)
        if line == "here":
            timer.append(Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM)))
            timer[0].start()

    assert Runner(say).script(("bash", "-c", wait)) == ""
    assert said == ["here", "heard"]


def test_again(tmp_path: os.PathLike[str]) -> None:
    """A script that a signal has ended before it could note it is run once more."""
    once = f"cd {tmp_path}; if mkdir once 2>/dev/null; then kill -TERM $$; fi; echo '[#] done' >&2"
    said: list[str] = []

    assert Runner(said.append).script(("bash", "-c", once)) == ""
    assert said == ["done"]


def test_left_open() -> None:
    """A process that a script has left behind is not waited for, though it has stderr open."""
    assert Runner().script(("bash", "-c", "sleep 7 & exit 0")) == ""
