"""What is asked of a firewall, by its rules."""

import pytest

from netmodes.firewall import questions
from netmodes.machine.facts import Facts


@pytest.mark.parametrize(
    ("rule", "counts"),
    [
        ('limit rate 3/minute burst 10 packets counter packets 0 bytes 0 log prefix "x"', False),
        ('limit rate 3/minute log prefix "x" drop', True),
        ("ct state new add @met { ip saddr limit rate over 1/minute } drop", True),
        ("ip saddr @limits drop", False),
    ],
)
def test_counts(rule: str, counts: bool) -> None:
    """A rule that counts packets is told from one that logs no more than so many."""
    assert questions.has_counts(Facts(nft=[rule])) is counts
