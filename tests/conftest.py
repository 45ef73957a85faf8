"""What the tests stand on: the article's machine as facts, and as a lab of namespaces."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from labs import Lab

from netmodes import Facts

FACTS = Path(__file__).parent / "facts"


@pytest.fixture
def lab() -> Iterator[Lab]:
    """A lab of the test's own."""
    with Lab() as made:
        yield made


@pytest.fixture
def article() -> Facts:
    """The facts of the article's machine."""
    return Facts.from_json((FACTS / "article.json").read_text())
