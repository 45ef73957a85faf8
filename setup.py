"""What setup.cfg cannot say: README as an index shows it, where no file lies beside it."""

import re
from pathlib import Path

from setuptools import setup

#: The repository's address, once it has one: README's links lead there, and the index names it.
URL = ""

#: A link to a file beside README, or to a heading, or a picture.
LINK = re.compile(r"(!?)\[([^]]*)\]\((?![a-z]+:)([^)]+)\)")


def elsewhere(link: re.Match[str]) -> str:
    """A link as it holds away from the checkout: into the repository, or its words alone."""
    picture, words, target = link.groups()
    if not URL or target.startswith("#"):
        return words
    return f"{picture}[{words}]({URL}/{'raw' if picture else 'blob'}/HEAD/{target})"


setup(
    long_description=LINK.sub(elsewhere, Path("README.md").read_text(encoding="utf-8")),
    long_description_content_type="text/markdown",
    project_urls={"Source": URL, "Changelog": f"{URL}/blob/HEAD/CHANGELOG.md"} if URL else {},
)
