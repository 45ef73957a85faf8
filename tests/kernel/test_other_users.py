"""Other users of the machine: what they must not read, hold, write, or have root run."""

import pytest
from labs import NETMODES, Done, RootLab

#: An ordinary user, who may read no more than others.
NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--")


@pytest.fixture(params=["live", "script"])
def way(root_lab: RootLab, request: pytest.FixtureRequest) -> list[str]:
    """A run of netmodes, or of a script."""
    script = root_lab.export("host-only")
    root_lab.ok("chmod", "-R", "a+rX", root_lab.programs.name)
    return [NETMODES, "host-only"] if request.param == "live" else ["bash", script]


def test_nobody_holds_the_lock(root_lab: RootLab, way: list[str]) -> None:
    """Another user can neither hold the lock nor read the firewall's rules, but lists networks."""
    root_lab.ok(*way)
    lock = root_lab.run(*NOBODY, "flock", "--nonblock", "/run/netmodes/.lock", "true")
    rules = root_lab.run(*NOBODY, "cat", "/run/netmodes/A/before.json")

    assert (lock.returncode, rules.returncode) == (66, 1)
    assert "A               host-only  up" in root_lab.anyone("netmodes", "list").stdout


def test_closes_what_was_open(root_lab: RootLab, way: list[str]) -> None:
    """What an earlier version or a umask left open to everybody is closed by the next run."""
    root_lab.ok(*way)
    files = ("/run/netmodes", "/run/netmodes/.lock", "/run/netmodes/A/before.json")
    root_lab.ok("chmod", "666", *files[1:])
    root_lab.ok("chmod", "777", files[0])
    root_lab.ok(*way)

    assert root_lab.ok("stat", "--format=%a", *files) == "755\n600\n600\n"


FOREIGN = {
    "folder": "mkdir /run/netmodes; chown nobody /run/netmodes",
    "link": "mkdir /run/mine; ln -s /run/mine /run/netmodes",
    "journal": "mkdir -p /run/netmodes/A; chown nobody /run/netmodes/A",
    "journal that is a link": "mkdir /run/mine /run/netmodes; ln -s /run/mine /run/netmodes/A",
    "lock": "mkdir /run/netmodes; ln -s /run/mine /run/netmodes/.lock",
    "holder": "mkdir /run/netmodes; ln -s /run/mine /run/netmodes/.holder",
}


@pytest.mark.sweep
@pytest.mark.parametrize("what", FOREIGN)
def test_refuses_what_others_made(root_lab: RootLab, way: list[str], what: str) -> None:
    """Who finds what another user made in the journal's place goes no further."""
    root_lab.sh(FOREIGN[what])
    done = root_lab.run(*way)

    assert done.returncode == 1
    assert "is a link or not root's, so netmodes did not make it" in done.stderr
    assert root_lab.ok("ip", "netns") == ""
    assert root_lab.sh("ls -A /run/mine").stdout == ""


PIPES = (
    *("bash <{}", "cat {} | bash -s up", 'bash -c "$(cat {})"', 'bash -c "$(cat {})" main'),
    *("cat {} | bash /dev/stdin up", "bash <(cat {}) up", "bash /dev/fd/5 up 5< <(cat {})"),
    "cp {} gone && exec 5<gone && rm gone && bash /dev/fd/5 up",
)


@pytest.mark.sweep
@pytest.mark.parametrize("how", PIPES)
def test_piped_script(root_lab: RootLab, how: str) -> None:
    """A piped script runs for root; a user learns how to run it, and no file beside it is run."""
    script = root_lab.export("host-only")
    root_lab.ok("chmod", "-R", "a+rX", root_lab.programs.name)
    root_lab.ok("mkdir", "-m", "777", "/run/trap")
    for name in ("bash", "main", "environment", "stdin", "gone (deleted)"):
        root_lab.sh(f"echo 'touch /run/trap/sprung' >'/run/trap/{name}'")
    piped = ("env", "-C", "/run/trap", "bash", "-c", how.format(script))
    refused = root_lab.anyone(*piped)

    assert (refused.returncode, refused.stderr) == (
        1,
        "Error: this needs root: run it as root (`sudo bash -s`), or from a file\n",
    )
    assert root_lab.ok("netmodes", "list") == ""
    root_lab.ok(*piped)
    assert "host-only  up" in root_lab.ok("netmodes", "list")
    assert "sprung" not in root_lab.ok("ls", "/run/trap")


def test_script_from_anywhere(root_lab: RootLab) -> None:
    """A script that PATH finds, or a descriptor is open on, runs again as root by its own name."""
    script = root_lab.export("host-only")
    folder = root_lab.programs.name
    root_lab.ok("chmod", "-R", "a+rX", folder)
    for how in (f"PATH=$PATH:{folder} bash exported.sh", f"bash /dev/fd/5 5<{script}"):
        done = root_lab.anyone("bash", "-c", f"cd /; {how}")
        assert done.stderr.splitlines()[0] == f"[#] exec sudo -- bash {script}"
        root_lab.ok(script, "down")


def export(lab: RootLab, path: str, *options: str) -> Done:
    return lab.run("netmodes", "host-only", "--export", path, *options)


def test_export_beside_links(root_lab: RootLab) -> None:
    """Root's script goes through no other user's link, at the end of its path or on the way."""
    root_lab.sh(
        "mkdir /run/own /run/ann; echo mine >/run/own/file; ln -s ../own /run/ann/folder;"
        "ln -s ../own/file /run/ann/file; ln -s own /run/root; chown -hR nobody /run/ann"
    )
    for path in ("/run/ann/file", "/run/ann/folder/up.sh"):
        for force in ([], ["--force"]):
            assert export(root_lab, path, *force).returncode == 1
    assert root_lab.sh("ls /run/own; cat /run/own/file").stdout == "file\nmine\n"
    assert export(root_lab, "/run/root/up.sh").returncode == 0
