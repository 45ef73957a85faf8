"""What a reboot leaves: files in /etc/netns, which the doctor names and `down` removes."""

import pytest
from labs import Lab
from state import State, state

#: What a reboot does to networks whose devices these are: /run and all that the kernel has goes.
REBOOT = "rm -r /run/netmodes; for A in A B; do ip netns del $A; done; ip link del veth0; :"

LEFT = "warning: /etc/netns/A is left from before a reboot"


@pytest.fixture
def rebooted(lab: Lab) -> Lab:
    """A lab that A's files have survived, and where exported.sh would put A up."""
    lab.export("host-only")
    lab.ok("netmodes", "host-only")
    lab.sh(REBOOT)
    return lab


@pytest.mark.parametrize("by", ["netmodes down A", "netmodes down --all", "bash {script} down"])
def test_down(rebooted: Lab, untouched: State, by: str) -> None:
    """They go by visible commands, and then there is nothing to do."""
    argv = by.format(script=f"{rebooted.programs.name}/exported.sh").split()
    done = rebooted.run(*argv)
    again = rebooted.netmodes("down", "A")

    assert done.returncode == 0
    assert "[#] # left from before a reboot\n[#] rm /etc/netns/A/" in done.stderr
    assert again.stderr == "A is not up: nothing to do.\n"
    assert state(rebooted.ok) == untouched


@pytest.mark.parametrize("program", ["netmodes", "exported.sh"])
def test_up_again(rebooted: Lab, untouched: State, program: str) -> None:
    """A network that goes up over them, as by a unit at boot, leaves nothing once it is down."""
    words = {"netmodes": ("host-only", "down A"), "exported.sh": ("up", "down")}[program]
    script = f"{rebooted.programs.name}/exported.sh"
    before = {"netmodes": "netmodes", "exported.sh": f"bash {script}"}[program]
    for each in words:
        rebooted.ok(*f"{before} {each}".split())

    assert state(rebooted.ok) == untouched


@pytest.mark.parametrize("by", ["netmodes down A", "bash {script} down", "bash {script} up"])
def test_mounted(rebooted: Lab, by: str) -> None:
    """They go although the folder above them is mounted, and stays."""
    rebooted.sh(
        "cp -a /etc/netns/A /run/A && mount -t tmpfs tmpfs /etc/netns && mv /run/A /etc/netns"
    )
    done = rebooted.run(*by.format(script=f"{rebooted.programs.name}/exported.sh").split())
    rebooted.ok("netmodes", "down", "A")

    assert done.returncode == 0
    assert "[#] # left from before a reboot\n[#] rm /etc/netns/A/" in done.stderr
    assert rebooted.ok("ls", "-A", "/etc/netns") == ""


@pytest.mark.parametrize("mode", ["--verbatim", "--dns none"])
def test_no_files_of_its_own(lab: Lab, mode: str) -> None:
    """A script that makes no files removes none."""
    script = lab.export("nat", *mode.split())
    lab.sh("mkdir -p /etc/netns/A; echo '# made by netmodes' >/etc/netns/A/resolv.conf")
    lab.ok("bash", script)

    assert lab.ok("ls", "/etc/netns/A") == "resolv.conf\n"


def test_doctor(rebooted: Lab) -> None:
    """The doctor names them, and its fix is one."""
    found = rebooted.netmodes("doctor").stdout
    rebooted.ok("netmodes", "down", "A")

    assert f"{LEFT}\n" in found
    assert "  fix: netmodes down A\n" in found
    assert LEFT not in rebooted.netmodes("doctor").stdout


@pytest.mark.parametrize("by", ["netmodes down B", "bash {script} down"])
def test_link(rebooted: Lab, by: str) -> None:
    """A link to a file of ours is somebody else's."""
    rebooted.ok("cp", "-a", "/etc/netns/A", "/run/A")
    rebooted.sh("rm -r /etc/netns/*; mkdir /etc/netns/A /etc/netns/B")
    rebooted.sh("for A in A B; do ln -s /run/A/resolv.conf /etc/netns/$A; done")
    found = rebooted.netmodes("doctor").stdout
    rebooted.run(*by.format(script=f"{rebooted.programs.name}/exported.sh").split())

    assert "left from before a reboot" not in found
    assert rebooted.ok("ls", "/etc/netns/A", "/etc/netns/B").count("resolv.conf") == 2


def test_somebody_elses_namespace(rebooted: Lab) -> None:
    """Where somebody's namespace finds no names because of them the doctor's fix is for that."""
    rebooted.ok("ip", "netns", "add", "A")
    found = rebooted.netmodes("doctor").stdout
    down = rebooted.netmodes("down", "A")
    fix = found.partition(f"{LEFT}, so A, which is not ours, ")[2].partition("  fix: ")[2]
    rebooted.ok("bash", "-c", fix.splitlines()[0])

    assert down.returncode == 1
    assert LEFT not in rebooted.netmodes("doctor").stdout
    assert rebooted.ok("ls", "/etc/netns/A") == ""


@pytest.mark.parametrize("by", ["netmodes down A", "bash {script} down"])
def test_theirs(rebooted: Lab, by: str) -> None:
    """A file that is not ours stays where it is."""
    rebooted.sh("echo 10.0.0.1 a >/etc/netns/A/hosts; mkdir /etc/netns/theirs")
    before = rebooted.ok("cat", "/etc/netns/A/hosts")
    for _ in range(2):
        rebooted.ok(*by.format(script=f"{rebooted.programs.name}/exported.sh").split())

    assert rebooted.ok("ls", "/etc/netns", "/etc/netns/A").split()[-1] == "hosts"
    assert rebooted.ok("cat", "/etc/netns/A/hosts") == before
    assert LEFT not in rebooted.netmodes("doctor").stdout


def test_network_is_up(lab: Lab) -> None:
    """The files of a network that is up are nobody's leftover."""
    lab.ok("netmodes", "host-only")

    assert LEFT not in lab.netmodes("doctor").stdout


@pytest.mark.parametrize("by", ["netmodes down A", "bash {script} down"])
def test_read_only(rebooted: Lab, by: str) -> None:
    """Where they cannot be removed, that is said."""
    rebooted.sh("mount --bind /etc /etc; mount -o remount,ro,bind /etc")
    done = rebooted.run(*by.format(script=f"{rebooted.programs.name}/exported.sh").split())

    assert done.returncode == 1
    assert "\nError: " in done.stderr
