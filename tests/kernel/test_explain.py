"""What `netmodes explain` prints holds in a lab: its lines make the network."""

import re

import pytest
from labs import Lab

from netmodes.show import explain


def test_ascii(lab: Lab) -> None:
    """Where the locale has no UTF-8 the picture is drawn in ASCII; a page stays as it is."""
    page = lab.ok("env", "LC_ALL=C", "netmodes", "explain", "bridged", "--format", "markdown")
    text = lab.ok("env", "LC_ALL=C", "netmodes", "explain", "bridged")

    assert "| br0                  +- veth0           +----+ veth1              |" in text
    assert text.isascii()
    assert page == explain.mode("bridged", "markdown")


@pytest.mark.parametrize("name", ["bridged", "nat"])
def test_pasted(lab: Lab, name: str) -> None:
    """A shell that gets the lines of the page, as they are folded, makes the network."""
    page = lab.ok("netmodes", "explain", name, "--format", "markdown")
    blocks = re.findall(r"^\d+\. +```sh\n(.*?)^    ```", page, re.M | re.S)

    done = lab.sh("set -e\n" + "".join(re.sub("^    ", "", block, flags=re.M) for block in blocks))

    assert done.returncode == 0, done.stderr
    assert lab.inside("ping", "-c", "1", "-W", "2", "8.8.8.8").returncode == 0
