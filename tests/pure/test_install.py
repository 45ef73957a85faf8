"""The same from a wheel, an editable install and a checkout; nothing is fetched."""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest
from places import FACTS, ROOT

from netmodes import __version__

pytestmark = pytest.mark.once

#: What git does not keep, or not for users.
NOT_FROM_GIT = shutil.ignore_patterns(
    *".git .gitignore .venv* .*_cache .hypothesis __pycache__ *.egg-info build dist".split()
)

BUILD = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"
EXPORT = ("bridged", "--uplink", "enp0s1", "--facts", str(FACTS / "article.json"), "--export", "-")
EXPLAIN, PAGE = ("explain", "bridged", "--format", "markdown"), ROOT / "docs/bridged.md"


def run(*argv: str, folder: Path | None = None, path: str = "") -> str:
    """Run a command that must succeed, in a folder; what it printed."""
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        argv, capture_output=True, text=True, timeout=120, check=False, env=environment, cwd=folder
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the tree, as it came from git."""
    return shutil.copytree(ROOT, tmp_path / "checkout", ignore=NOT_FROM_GIT)


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """A new virtual environment, with the running one's packages behind its own."""
    folder = tmp_path / "venv"
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "behind.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def install(environment: Path, *what: str) -> None:
    """Install a project in a virtual environment, with what is there."""
    pip = (sys.executable, "-m", "pip", "--quiet", "--python", str(environment / "bin/python"))
    run(*pip, "install", "--no-deps", "--no-index", "--no-build-isolation", *what)


@pytest.fixture
def expected() -> str:
    """What the tests' own netmodes exports."""
    return run(sys.executable, "-m", "netmodes", *EXPORT, path=str(ROOT))


def test_wheel(checkout: Path, fresh: Path, expected: str, tmp_path: Path) -> None:
    """The wheel holds all it needs."""
    install(fresh, str(wheel(checkout, tmp_path)))

    assert run(str(fresh / "bin/netmodes"), *EXPORT, folder=tmp_path) == expected
    assert run(str(fresh / "bin/netmodes"), *EXPLAIN, folder=tmp_path) == PAGE.read_text()
    assert where(fresh, tmp_path).is_relative_to(fresh)
    assert (fresh / "share/man/man1/netmodes.1").exists()


def test_page(checkout: Path, tmp_path: Path) -> None:
    """Every link of the page that an index shows leads to the web."""
    with ZipFile(wheel(checkout, tmp_path)) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        page = archive.read(name).decode()

    assert "\n# netmodes\n" in page
    assert re.findall(r"\]\((?!https://)[^)]*\)", page) == []


def wheel(project: Path, folder: Path) -> Path:
    """The wheel of a project, built in a folder with what is there."""
    build = (sys.executable, "-m", "pip", "--quiet", "wheel", "--no-deps", "--no-build-isolation")
    run(*build, "--wheel-dir", str(folder), str(project))
    (built,) = folder.glob("netmodes-*.whl")
    return built


def test_sdist(checkout: Path, tmp_path: Path) -> None:
    """The source distribution holds all that git does, and comes to the same wheel."""
    files = {str(path.relative_to(checkout)) for path in checkout.rglob("*") if path.is_file()}
    run(sys.executable, "-c", BUILD, str(tmp_path), folder=checkout)
    (sdist,) = tmp_path.glob("netmodes-*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}

    assert files - names == set()
    assert content(wheel(sdist, tmp_path / "a")) == content(wheel(checkout, tmp_path / "b"))


def content(wheel: Path) -> dict[str, int]:
    """The files in a wheel, with their checksums."""
    with ZipFile(wheel) as archive:
        return {file.filename: file.CRC for file in archive.infolist()}


def test_editable(checkout: Path, fresh: Path, expected: str, tmp_path: Path) -> None:
    """An editable install runs the checkout."""
    install(fresh, "--editable", str(checkout))

    assert run(str(fresh / "bin/netmodes"), *EXPORT, folder=tmp_path) == expected
    assert where(fresh, tmp_path).is_relative_to(checkout)


def where(environment: Path, folder: Path) -> Path:
    """Where a virtual environment finds netmodes."""
    code = "import netmodes; print(netmodes.__file__)"
    return Path(run(str(environment / "bin/python"), "-c", code, folder=folder).strip())


def test_module(checkout: Path, fresh: Path, expected: str) -> None:
    """In a checkout `python -m netmodes` is enough."""
    python = str(fresh / "bin/python")

    assert run(python, "-m", "netmodes", *EXPORT, folder=checkout) == expected


def test_file(checkout: Path, fresh: Path, expected: str, tmp_path: Path) -> None:
    """From anywhere else the package's own file runs it."""
    python = str(fresh / "bin/python")

    assert run(python, str(checkout / "netmodes/__main__.py"), *EXPORT, folder=tmp_path) == expected


def test_changes() -> None:
    """CHANGELOG says what this version brings, below what is not released yet."""
    headings = re.findall(r"^## (.*)", ROOT.joinpath("CHANGELOG.md").read_text(), re.M)

    assert headings[:2] == ["Unreleased", __version__]
