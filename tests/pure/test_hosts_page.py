"""The page of hosts."""

from pathlib import Path

from hosts import hosts, page


def test_page() -> None:
    """docs/hosts.md is what the files of tests/hosts say; `scripts/regenerate` writes it."""
    docs = Path(__file__).parents[2] / "docs/hosts.md"

    assert docs.read_text() == page()
    assert len(hosts()) >= 40
