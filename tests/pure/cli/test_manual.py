"""The manual's pages are what ``--help`` says, and man finds nothing wrong with them."""

import shutil
import subprocess

import pytest
from manual import PAGES, pages

pytestmark = pytest.mark.once


def test_pages() -> None:
    """There is a page for netmodes and for every command; `scripts/regenerate` writes them."""
    assert {path.name: path.read_text() for path in PAGES.iterdir()} == pages()


@pytest.mark.skipif(not shutil.which("groff"), reason="needs groff")
def test_warnings() -> None:
    """groff renders each page without a warning."""
    argv = ["groff", "-ww", "-K", "utf8", "-T", "utf8", "-man", "-z", *sorted(PAGES.iterdir())]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stderr) == (0, "")
