"""docs/fleet.md: its sessions and its playbook, on two machines with an SSH server."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator

import pytest
from labs import BIN, PATH, children
from places import FACTS, ROOT, SUPPORT
from processes import wait_until

PAGE = (ROOT / "docs/fleet.md").read_text()
SESSIONS = re.findall(r"```shell-session\n(.*?)```", PAGE, re.S)
(PLAYBOOK,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.S)

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can have an SSH server"),
    pytest.mark.skipif(not shutil.which("sshd", path=f"{PATH}:/usr/sbin"), reason="needs sshd"),
    pytest.mark.skipif(not (BIN / "ansible-playbook").exists(), reason="needs ansible-core"),
]

Run = Callable[[str], str]


@pytest.fixture(scope="module")
def controller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Runs lines of shell beside the machines, in a folder with the playbook; what they print."""
    folder, pipe = tmp_path_factory.mktemp("fleet"), subprocess.PIPE
    shutil.copy(FACTS / "article.json", folder / "facts.json")
    (folder / "netmodes.yml").write_text(PLAYBOOK)
    own = {"HOME": str(folder), "PATH": f"{folder}:{BIN}:{PATH}", "LC_ALL": "C.UTF-8"}
    argv = ["bash", SUPPORT / "fleet.sh", folder]
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True) as fleet:
        assert fleet.stdout is not None
        assert fleet.stdout.readline() == "ready\n"
        (first,) = children(fleet.pid)

        def run(line: str) -> str:
            inside = ["nsenter", "-t", str(first), "--net", "--mount", "--pid"]
            typed = f"cd {folder}; exec </dev/null 2>&1; {line}"
            argv, environment = [*inside, "bash", "-c", typed], {**os.environ, **own}
            done = subprocess.run(argv, env=environment, stdout=pipe, text=True, check=False)
            return done.stdout

        yield run
        fleet.communicate()


def test_sessions(controller: Run) -> None:
    """The sessions, one after the other, print to the letter what the page shows."""
    for session in SESSIONS:
        lines = [line for line in session.splitlines(keepends=True) if line.startswith("$ ")]

        assert "".join(line + controller(line.removeprefix("$ ")) for line in lines) == session


#: Runs a script, given as an argument, that takes its time; in its midst ssh is killed.
CUT = """
slow=$(sed 's/^    run ip link set veth1 netns/    run sleep 3; &/' host-only.sh)
ssh {} m1 "bash -c $(printf %q "$slow") host-only.sh up" &
until ssh m1 test -e /run/netns/A; do sleep 0.1; done
kill -KILL $!
"""


@pytest.mark.parametrize(("terminal", "comes_to"), [("-T", "up"), ("-tt", "nothing")])
def test_cut(controller: Run, terminal: str, comes_to: str) -> None:
    """Without a terminal the script comes to its end, with one all is undone."""
    controller("netmodes host-only --facts facts.json --export host-only.sh --force")
    controller(CUT.format(terminal))

    log = "ssh m1 'tail -n 1 /run/netmodes/A/log 2>/dev/null || echo nothing'"
    wait_until(lambda: controller(log) == f"{comes_to}\n", "it is over")
    controller("ssh m1 'bash -s down' <host-only.sh")
