"""Many at once: each of sixteen processes gets what it would get alone, and all goes again."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from counts import TALLY
from labs import Lab
from state import State, state

#: Runs its arguments at once, each a line of bash; prints each one's exit status and what it said.
AT_ONCE = """
folder=$(mktemp -d)
for command in "$@"; do
    bash -c "$command" >"$folder/${#pids[@]}" 2>&1 &
    pids+=($!)
done
for k in "${!pids[@]}"; do
    wait "${pids[k]}"
    echo "$? $(tail -n 1 "$folder/$k")"
done
"""


@pytest.fixture
def at_once(record_property: Callable[[str, object], None]) -> Callable[[Lab, list[str]], None]:
    """Runs sixteen commands at the same time, which all succeed, and counts them."""

    def run(lab: Lab, commands: list[str]) -> None:
        run_at_once(lab, commands)
        for _ in commands:
            record_property(TALLY, "at once: processes, sixteen at a time, each as if alone")

    return run


def run_at_once(lab: Lab, commands: list[str]) -> None:
    """Run sixteen commands at the same time, which all succeed."""
    assert len(commands) == 16
    ended = lab.ok("bash", "-c", AT_ONCE, "bash", *commands, timeout=120).splitlines()

    assert [(*it,) for it in zip(commands, ended, strict=True) if it[1].split()[0] != "0"] == []


def listed(lab: Lab) -> dict[str, str]:
    """The states of the networks that are up, by name."""
    return {net["name"]: net["state"] for net in json.loads(lab.ok("netmodes", "list", "--json"))}


def exported(lab: Lab, name: str, *mode: str) -> str:
    """The path of this mode's script for a namespace of this name."""
    path = str(Path(lab.programs.name, f"{name}.sh"))
    lab.ok("netmodes", *mode, "-n", name, "--export", path)
    return path


def host_only(lab: Lab, name: str, number: int) -> str:
    """The script of a host-only network whose names and addresses nobody else takes."""
    devices = ("--host-device", f"h{number}", "--device", f"d{number}")
    addresses = (f"--host-address=10.0.{number}.1/24", f"--address=10.0.{number}.2/24")
    return exported(lab, name, "host-only", *devices, *addresses)


def test_host_only(lab: Lab, untouched: State, at_once: Callable[[Lab, list[str]], None]) -> None:
    """Networks come and go beside each other; the second run of a name finds it up."""
    script = {f"S{k}": host_only(lab, f"S{k}", k) for k in range(7)}
    for name in ("S0", "S1"):
        lab.ok(script[name])
    for name in ("N0", "N1"):
        lab.ok("netmodes", "host-only", "-n", name)
    at_once(
        lab,
        [
            f"{script['S0']} down",
            "netmodes down S1",
            *(f"netmodes down N{k}" for k in range(2)),
            *(f"netmodes host-only -n N{k}" for k in range(2, 7)),
            *(script[f"S{k}"] for k in range(2, 7)),
            "netmodes host-only -n N2",
            script["S2"],
        ],
    )
    up = listed(lab)
    pings = lab.sh("for k in {2..6}; do ping -c 1 -W 5 10.0.$k.2 || exit; done")
    at_once(
        lab,
        [
            *(f"netmodes down N{k}" for k in range(2, 7)),
            *(f"{script[f'S{k}']} down" for k in range(2, 5)),
            *(f"netmodes down S{k}" for k in range(5, 7)),
            *(f"netmodes down N{k}" for k in range(2, 7)),
            f"{script['S2']} down",
        ],
    )

    assert up == {f"{way}{k}": "up" for way in "NS" for k in range(2, 7)}
    assert pings.returncode == 0, pings.stdout
    assert state(lab.ok) == untouched


def test_bridged(
    quick_lab: Lab, untouched: State, at_once: Callable[[Lab, list[str]], None]
) -> None:
    """Networks join one bridge and leave it; it goes with whichever is last."""
    bridged = "netmodes bridged --uplink enp0s1 -n"
    for name in ("K", "L"):
        quick_lab.ok(*f"{bridged} {name}".split())
    script = {}
    for k in range(4):
        devices = ("--host-device", f"h{k}", "--device", f"d{k}")
        mode = ("bridged", "--uplink", "enp0s1", *devices, f"--address=192.168.64.{200 + k}/24")
        script[f"S{k}"] = exported(quick_lab, f"S{k}", *mode)
    at_once(
        quick_lab,
        [
            "netmodes down K",
            *(f"{bridged} N{k}" for k in range(8)),
            *script.values(),
            f"{bridged} N0",
            f"{bridged} N1",
            script["S3"],
        ],
    )
    up = listed(quick_lab)
    names = [*(f"N{k}" for k in range(8)), *script]
    pings = [quick_lab.run("ip", "netns", "exec", name, "ping", "-c1", "8.8.8.8") for name in names]
    at_once(
        quick_lab,
        [
            "netmodes down L",
            *(f"netmodes down N{k}" for k in range(8)),
            *(f"{path} down" for path in script.values()),
            *(f"netmodes down N{k}" for k in range(3)),
        ],
    )

    assert up == dict.fromkeys(["L", *names], "up")
    assert [done.returncode for done in pings] == [0] * len(names)
    assert state(quick_lab.ok) == untouched


#: In the place of `ip`: at its first veth who started it is killed, and it goes on only when the
#: next process has the lock open. (/proc/locks hides in a lab whose holder's `flock` has ended.)
SLOW = """
case "$*" in
"link add veth0 "*)
    echo "begins $*" >>/run/order
    read -r _ _ _ _ leader _ </proc/self/stat
    kill -s KILL "$leader"
    for _ in {1..1000}; do
        for fd in /proc/[0-9]*/fd/*; do
            if [ "$fd" -ef /run/netmodes/.lock ]; then
                read -r _ _ _ _ group _ <"${fd%/fd/*}/stat" && [ "$group" != "$leader" ] && break 2
            fi
        done
        sleep 0.02
    done
    "$REAL" "$@"
    echo "ends $*" >>/run/order
    ;;
"link del veth0")
    echo "begins $*" >>/run/order
    exec "$REAL" "$@"
    ;;
*) exec "$REAL" "$@" ;;
esac
"""


@pytest.mark.parametrize("second", ["netmodes down A", "$SCRIPT down", "bash $JOURNAL/down.sh"])
@pytest.mark.parametrize("first", ["netmodes host-only", "$SCRIPT"])
def test_killed_while_a_command_runs(lab: Lab, untouched: State, first: str, second: str) -> None:
    """Whoever comes after a process that was killed waits until the command it ran has ended."""
    places = f"SCRIPT={lab.export('host-only')} JOURNAL=/run/netmodes/A"
    lab.replace("ip", SLOW)
    # The command goes on with what the killed one had open, and a pipe would be waited for.
    killed = lab.sh(f"{places}\nset -m\n{first} >/dev/null 2>&1 & wait $!")
    down = lab.sh(f"{places}\n{second}")

    assert killed.returncode == 137
    assert down.returncode == 0, down.stderr
    assert lab.ok("cat", "/run/order").splitlines() == [
        "begins link add veth0 type veth peer name veth1",
        "ends link add veth0 type veth peer name veth1",
        "begins link del veth0",
    ]
    lab.ok("rm", "/run/order")
    assert state(lab.ok) == untouched
