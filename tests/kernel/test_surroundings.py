"""Where a program starts from, which is not always a terminal of root's."""

import shlex

import pytest
from labs import NETMODES, Done, Lab, RootLab

#: What PATH is under cron, for Debian's `su`, and for who has none.
PATHS = {"cron": "PATH=/usr/bin:/bin", "empty": "PATH=", "unset": "-uPATH"}


def up_and_down(lab: Lab, way: str, *place: str) -> Done:
    """Put A up and take it down, each started from this place; what the last did."""
    if way == "netmodes":
        up, down = ([NETMODES, *words] for words in (["host-only"], ["down", "A"]))
    else:
        up = ["/bin/bash", lab.export("host-only")]
        down = ["/bin/bash", "/run/netmodes/A/down.sh"]
    lab.ok(*place, *up)
    return lab.run(*place, *down)


@pytest.fixture(params=["netmodes", "script"])
def way(request: pytest.FixtureRequest) -> str:
    """How the network is put up and taken down."""
    way: str = request.param
    return way


@pytest.mark.sweep
@pytest.mark.parametrize("path", PATHS)
def test_path(lab: Lab, way: str, path: str) -> None:
    """Root's programs are found where PATH lacks their folders."""
    done = up_and_down(lab, way, "env", PATHS[path])

    assert done.returncode == 0, done.stderr
    assert "install" not in done.stderr
    assert lab.ok("netmodes", "list") == ""


def test_path_inside(lab: Lab) -> None:
    """What `exec` runs finds root's programs too."""
    lab.ok("netmodes", "host-only")

    assert (
        lab.ok(
            "env",
            "PATH=/usr/bin",
            NETMODES,
            "exec",
            "A",
            "--",
            "sysctl",
            "-n",
            "net.ipv4.ip_forward",
        )
        == "0\n"
    )


GONE = 'mkdir /run/gone && cd /run/gone && rmdir /run/gone && exec "$@"'


def test_deleted_folder(lab: Lab, way: str) -> None:
    """A working directory that is gone is in nobody's way."""
    done = up_and_down(lab, way, "bash", "-c", GONE, "bash")

    assert done.returncode == 0, done.stderr
    assert lab.ok("netmodes", "list") == ""


def test_deleted_folder_export(lab: Lab) -> None:
    """A script cannot be written in a folder that is gone, and that is one sentence."""
    done = lab.run("bash", "-c", GONE, "bash", NETMODES, "host-only", "--export", "a.sh")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: a.sh cannot be written (No such file or directory)")


@pytest.mark.sweep
@pytest.mark.parametrize("argv", [("dash", "FILE"), ("dash", "FILE", "down"), ("dash", "-s")])
def test_another_shell(lab: Lab, argv: tuple[str, ...]) -> None:
    """A shell that is not bash says that it must be, and runs nothing."""
    script = lab.export("host-only")
    words = " ".join(argv).replace("FILE", script)

    done = lab.sh(f"{words} <{script}")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: this is a bash script: run it with bash, not sh\n"
    assert lab.ok("netmodes", "list") == ""


@pytest.mark.sweep
@pytest.mark.parametrize("how", ["bash --posix", "env POSIXLY_CORRECT=1 bash", "bash -e"])
def test_another_bash(lab: Lab, how: str) -> None:
    """Bash runs a script in whatever mode it was started."""
    script = lab.export("host-only")

    lab.ok(*how.split(), script)
    lab.ok(*how.split(), script, "down")

    assert lab.ok("netmodes", "list") == ""


def test_script_by_a_pipe(root_lab: RootLab) -> None:
    """An ordinary user's script from a pipe says that it cannot be root, and runs nothing."""
    script = root_lab.export("host-only")
    root_lab.ok("chmod", "-R", "a+rX", root_lab.programs.name)

    for how in ("bash /dev/stdin", "bash -s", "bash <(cat)"):
        done = root_lab.anyone("bash", "-c", f"cat {script} | {how}")
        assert done.returncode == 1
        assert done.stderr.startswith("Error: this needs root: run it as root")
    assert root_lab.ok("netmodes", "list") == ""


#: Makes the places for temporary files read-only.
NO_ROOM = """
for place in /tmp /var/tmp; do
    mount --bind $place $place && mount -o remount,bind,ro $place || exit
done
"""


def test_no_temporary_files(lab: Lab, way: str) -> None:
    """Neither a run nor a script takes a place in /tmp, which may be full."""
    assert lab.sh(NO_ROOM).returncode == 0
    script = "/run/exported.sh"
    lab.ok("netmodes", "nat", "--export", script)

    done = lab.run("env", "-C", "/sys", *([script] if way == "script" else [NETMODES, "nat"]))

    assert done.returncode == 0, done.stderr
    assert lab.run("env", "-C", "/sys", NETMODES, "down", "A").returncode == 0


#: Whatever else a program may be started with.
ENVIRONMENTS = {
    "nothing": "env -i",
    "no home": "env -u HOME",
    "umask": 'setpriv --nnp sh -c \'umask 077 && exec "$0" "$@"\'',
    "locale": "env LC_ALL=tr_TR.UTF-8 LANGUAGE=de LANG=xx",
    "closed": 'sh -c \'exec "$0" "$@" <&- >&- 2>&-\'',
    "nohup": "nohup",
}


@pytest.mark.sweep
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_environment(lab: Lab, way: str, environment: str) -> None:
    """Environment, umask, locale and closed streams make no difference to a run."""
    done = up_and_down(lab, way, *shlex.split(ENVIRONMENTS[environment]))

    assert done.returncode == 0, done.stderr
    assert lab.ok("netmodes", "list") == ""
