"""The same from a wheel, an editable install and a checkout; nothing is fetched."""

import os
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

pytestmark = pytest.mark.once

PROJECT = "netmodes templates setup.cfg pyproject.toml MANIFEST.in README.md LICENSE".split()

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


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the tree, as it came from git."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in PROJECT:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    return folder


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


def wheel(project: Path, folder: Path) -> Path:
    """The wheel of a project, built in a folder with what is there."""
    build = (sys.executable, "-m", "pip", "--quiet", "wheel", "--no-deps", "--no-build-isolation")
    run(*build, "--wheel-dir", str(folder), str(project))
    (built,) = folder.glob("netmodes-*.whl")
    return built


def test_sdist(checkout: Path, tmp_path: Path) -> None:
    """The source distribution holds no tests, and comes to the same wheel as the checkout."""
    (checkout / "tests").mkdir()
    (checkout / "tests/test_any.py").touch()
    run(sys.executable, "-c", BUILD, str(tmp_path), folder=checkout)
    (sdist,) = tmp_path.glob("netmodes-*.tar.gz")
    with tarfile.open(sdist) as archive:
        folders = {Path(name).parts[1] for name in archive.getnames()[1:]}

    assert folders.isdisjoint({"docs", "scripts", "tests"})
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
