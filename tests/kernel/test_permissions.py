"""What a container forbids is known before the first command."""

import pytest
from labs import NETMODES, Done, Lab, RootLab
from state import state

#: Makes a folder read-only, as a container's is.
FIXED = "mount --bind {0} {0} && mount -o remount,bind,ro {0}"

PRIVILEGED = "start that with --privileged"

#: What a new device of ours must begin with.
CLOSED = "sysctl -w net.ipv6.conf.default.accept_ra=0 net.ipv6.conf.default.disable_ipv6=1; "

#: What the machine is like, the mode, and the sentence, or "" where the mode goes on.
HERE = {
    "settings": (FIXED.format("/proc/sys"), "nat", PRIVILEGED),
    "settings as they must be": (
        f"{CLOSED} sysctl -w net.ipv4.ip_forward=1; {FIXED.format('/proc/sys')}", "nat", ""),
    "a port's setting": (
        f"{CLOSED} sysctl -w net.ipv4.ip_forward=1; {FIXED.format('/proc/sys')}",
        "nat --publish 8080:80", PRIVILEGED),
    "a new device's": (
        f"{CLOSED} sysctl -w net.ipv4.conf.default.forwarding=1; {FIXED.format('/proc/sys')}",
        "host-only", PRIVILEGED),
    "a new device's IPv6": (FIXED.format("/proc/sys"), "host-only", PRIVILEGED),
    "a new device's as it must be": (f"{CLOSED} {FIXED.format('/proc/sys')}", "host-only", ""),
    "verbatim": (
        f"sysctl -w net.ipv4.conf.default.forwarding=1; {FIXED.format('/proc/sys')}",
        "host-only --verbatim", ""),
    "/etc": (FIXED.format("/etc"), "host-only", "where a namespace's own files are"),
    "/etc without files": (FIXED.format("/etc"), "nat --dns none", ""),
    "/run/netns": (
        f"mkdir -p /run/netns; {FIXED.format('/run/netns')}", "host-only",
        "/run/netns cannot be written"),
    "/run": ("mount -o remount,bind,ro /run", "host-only", "/run/netmodes cannot be written"),
}  # fmt: skip


@pytest.fixture(params=["netmodes", "script"])
def way(request: pytest.FixtureRequest) -> str:
    """How a mode is run."""
    way: str = request.param
    return way


def runs(lab: Lab, way: str, mode: str) -> list[str]:
    """The command that puts a mode up; scripts are made before anything is wrong."""
    return [lab.export(*mode.split())] if way == "script" else [NETMODES, *mode.split()]


def refused(done: Done, sentence: str) -> bool:
    """Whether nothing but this sentence was said."""
    return done.returncode == 1 and sentence in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.sweep
@pytest.mark.parametrize("case", HERE)
def test_read_only(lab: Lab, way: str, case: str) -> None:
    """A mode that must write what it cannot is refused; what is so already is no trouble."""
    fault, mode, sentence = HERE[case]
    command = runs(lab, way, mode)
    assert lab.sh(fault).returncode == 0
    before = state(lab.ok)

    done = lab.run(*command)

    if sentence:
        assert refused(done, sentence), done.stderr
    else:
        assert done.returncode == 0, done.stderr
        lab.ok("netmodes", "down", "A")
    assert state(lab.ok) == before


@pytest.mark.parametrize("capability", ["net_admin", "sys_admin"])
def test_bounded_root(lab: Lab, way: str, capability: str) -> None:
    """A root without a capability that a network takes is refused, by each verb that needs it."""
    command = runs(lab, way, "host-only")
    verbs = (
        [["down"]] if way == "script" else [["check", "A"], ["exec", "A", "true"], ["down", "A"]]
    )
    bounded = ("setpriv", f"--bounding-set=-{capability}", f"--inh-caps=-{capability}")

    for argv in (command, *([command[0], *verb] for verb in verbs)):
        done = lab.run(*bounded, *argv)
        assert refused(done, f"CAP_{capability.upper()}"), done.stderr
    assert lab.ok("netmodes", "list") == ""


def test_foreign_network(lab: Lab) -> None:
    """Root of a user namespace may not change the network above it."""
    done = lab.run("unshare", "--user", "--map-root-user", NETMODES, "host-only")

    assert refused(done, "no namespaces of its own")


#: Hides a part of /sys from a user namespace below.
BELOW = """
mount -t tmpfs tmpfs /sys/kernel
exec unshare --user --map-root-user --net --mount \\
    sh -c 'mount -t tmpfs tmpfs /run; exec "$@"' sh "$@"
"""


def test_masked_sysfs(lab: Lab) -> None:
    """Where /sys is masked, neither a mode nor its script nor a lab begins."""
    mode = lab.run("bash", "-c", BELOW, "bash", NETMODES, "host-only")
    script = lab.run("bash", "-c", BELOW, "bash", lab.export("host-only"))
    inner = lab.run("bash", "-c", BELOW, "bash", NETMODES, "lab", "--", "true")

    for done in (mode, script, inner):
        assert refused(done, "a part of /sys is hidden"), done.stderr


def test_no_new_privileges(root_lab: RootLab) -> None:
    """Where sudo can give no root, that is said instead of asking it."""
    script = root_lab.export("host-only")
    root_lab.ok("chmod", "-R", "a+rX", root_lab.programs.name)

    for command in ([NETMODES, "host-only"], ["bash", script]):
        done = root_lab.anyone("setpriv", "--no-new-privs", *command)
        assert refused(done, "no_new_privs is set"), done.stderr


def test_down_without_a_program(lab: Lab, way: str) -> None:
    """A program that the undo takes is named before anything is undone; then all is."""
    lab.ok("netmodes", "nat")
    down = "netmodes down A" if way == "netmodes" else "bash /run/netmodes/A/down.sh"
    lab.hide("nft")
    before = state(lab.ok)

    done = lab.run(*down.split())

    assert refused(done, "there is no `nft` on PATH: install nftables"), done.stderr
    assert state(lab.ok) == before
    lab.show("nft")
    lab.ok("netmodes", "down", "A")


@pytest.mark.parametrize("program", ["cp", "sysctl"])
def test_lab_without_a_program(lab: Lab, program: str) -> None:
    """A lab names the program that it lacks, and does not begin."""
    lab.hide(program)

    done = lab.netmodes("lab", "--", "true")

    assert refused(done, f"there is no `{program}` on PATH: install "), done.stderr
