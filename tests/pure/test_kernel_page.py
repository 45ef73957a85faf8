"""docs/kernel.md holds the facts that code cites."""

import re
from pathlib import Path

import pytest
from places import ROOT

import netmodes

pytestmark = pytest.mark.once


def test_citations() -> None:
    """Each fact of the page is cited, and each citation names a fact of the page."""
    page = (ROOT / "docs/kernel.md").read_text()
    titles = re.findall(r"^## (.+)$", page, re.MULTILINE)
    sources = Path(netmodes.__file__).parent.rglob("*.py")
    cited = {
        fact
        for source in sources
        for fact in re.findall(r"docs/kernel\.md#([a-z0-9-]+)", source.read_text())
    }

    assert cited == {title.lower().replace(" ", "-") for title in titles}
