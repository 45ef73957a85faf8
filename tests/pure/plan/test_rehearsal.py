"""A rehearsal: what it found, as a value."""

import pytest

from netmodes import Rehearsal, Result
from netmodes.plan.finding import Finding
from netmodes.plan.promise import Promise


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (Rehearsal("nat", "A"), 0),
        (Rehearsal("nat", "A", differences=("a",)), 1),
        (Rehearsal("nat", "A", refused="no"), 1),
        (Rehearsal("nat", "A", unknown=("a",)), 3),
        (Rehearsal("nat", "A", differences=("a",), unknown=("b",)), 1),
        (Rehearsal("nat", "A", beyond="Wi-Fi"), 0),
    ],
)
def test_status(found: Rehearsal, status: int) -> None:
    """Its status tells what is as promised, what is not, and what is unknown."""
    assert found.status == status


def test_json() -> None:
    """It is read back as it was."""
    promise = Promise("namespace", "outside", True)
    why = Finding("error", "nobody answers", "ip neigh", advice="wait")
    results = (
        Result(promise, "8.8.8.8", "A", True, 0.1),
        Result(promise, "8.8.8.8", "A", False, reason="nobody answers", finding=why),
    )
    found = Rehearsal("nat", "A", results, ("a", "b"), ("c",), "no", "Wi-Fi")

    assert Rehearsal.from_dict(found.to_dict()) == found
