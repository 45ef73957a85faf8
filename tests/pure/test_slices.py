"""Slices of the sweeps: together they are everything, and none is empty."""

import itertools
import subprocess
import sys
from collections import Counter
from collections.abc import Callable

import pytest
from places import ROOT
from slices import QUARTERS, SLICES, seed

pytestmark = pytest.mark.once

#: Two sweeps, neither of which can be dealt evenly, and another test.
TESTS = """
import pytest

@pytest.mark.sweep
@pytest.mark.parametrize("case", range(17))
def test_one(case): pass

@pytest.mark.sweep
@pytest.mark.parametrize("case", range(18))
def test_other(case): pass

def test_always(): pass
"""

#: Two tests of the kernel, which are no sweeps.
KERNEL = """
import pytest

@pytest.mark.parametrize("case", range(7))
def test_often(case): pass

@pytest.mark.parametrize("case", range(2))
def test_both(case): pass
"""

ALWAYS = "test_always"
SWEEPS = {*(f"test_one[{k}]" for k in range(17)), *(f"test_other[{k}]" for k in range(18))}

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """Runs pytest with these tests, as far as collecting them."""
    pytester.makepyfile(test_made=TESTS)
    pytester.makeini("[pytest]\nmarkers = sweep\n")
    return lambda *arguments: pytester.runpytest("-p", "slices", "--collect-only", *arguments)


def chosen(done: pytest.RunResult) -> list[str]:
    """The tests that a run would try."""
    return [line.split()[1].rstrip(">") for line in done.outlines if "<Function " in line]


def test_whole(run: Run) -> None:
    """Without a commit everything is tried, and no slice is spoken of."""
    whole = run()

    assert {*chosen(whole)} == {*SWEEPS, ALWAYS}
    assert "slice" not in str(whole.stdout)


def test_slices(run: Run) -> None:
    """Each case of a sweep is in one slice, no slice is empty, and any other test is in each."""
    slices = [chosen(run("--slice", f"{k:07x}")) for k in range(SLICES)]
    cases = [name for names in slices for name in names if name != ALWAYS]

    assert all(len(names) > 1 and ALWAYS in names for names in slices)
    assert sorted(cases) == sorted(SWEEPS)


def test_kernel(pytester: pytest.Pytester, run: Run) -> None:
    """Of each other test of the kernel at least one case is in each slice, and all are in some."""
    pytester.mkdir("kernel").joinpath("test_it.py").write_text(KERNEL)
    slices = [chosen(run("--slice", f"{k:07x}", "kernel")) for k in range(2 * QUARTERS)]
    tests = [{name.partition("[")[0] for name in names} for names in slices]

    assert {*map(len, slices)} == {2, 3}
    assert all(names == {"test_often", "test_both"} for names in tests)
    assert {*itertools.chain(*slices)} == {*chosen(run("kernel"))}


def test_commit(run: Run) -> None:
    """An abbreviated hash chooses what the whole one does; the run says which slice it was."""
    whole, short = run("--slice", "958a908f00d5"), run("--slice", "958a908")

    said = f"sweeps: slice {0x958A908 % SLICES + 1} of {SLICES}, kernel's cases: a quarter"
    assert chosen(whole) == chosen(short)
    assert f"{said}, by commit 958a908; `./scripts/test --all` tries all" in short.outlines


def test_seed(pytester: pytest.Pytester) -> None:
    """A slice draws the same each time, a whole run something new, and anybody what he asks for."""

    def drawn(*arguments: str) -> set[int]:
        config = pytester.parseconfig("-p", "slices", *arguments)
        return {seed(config, 3) for _ in range(3)}

    assert drawn("--slice", "958a908") == {3}
    assert len(drawn()) > 1
    assert drawn("--hypothesis-seed", "77") == {77}


def test_each_sweep_is_in_each_slice() -> None:
    """No file's sweep is so small that a commit tries none of its cases."""
    collect = ("-m", "pytest", "--collect-only", "--quiet", "-m", "sweep", "tests")
    done = subprocess.run(
        [sys.executable, *collect], cwd=ROOT, capture_output=True, text=True, check=True
    )

    cases = [line for line in done.stdout.splitlines() if "::" in line]
    sizes = Counter(case.partition("::")[0] for case in cases)
    assert sizes
    assert {file: size for file, size in sizes.items() if size < SLICES} == {}
