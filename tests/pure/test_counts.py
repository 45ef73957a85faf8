"""The table at the end of a run."""

import pytest
from counts import Count, table

pytestmark = pytest.mark.once


def test_table() -> None:
    """The table has a line for each run, a column for each fault, and says if it is a slice."""
    counts = [
        Count(mode="bridged", way="netmodes", verb="up", fault="fails", tried=40, restored=40),
        Count(mode="bridged", way="netmodes", verb="up", fault="killed so", tried=2, restored=1),
        Count(mode="bridged", way="script", verb="down", fault="killed so", tried=1, restored=1),
    ]

    assert next(table(counts, "slice 3 of 7")).startswith("fault sweep, slice 3 of 7: 43 faults")
    assert list(table(counts)) == [
        "fault sweep: 43 faults tried, 42 machines as before",
        "                           fails   killed",
        "                                       so",
        "bridged   netmodes up         40        2",
        "bridged   script   down                 1",
    ]
