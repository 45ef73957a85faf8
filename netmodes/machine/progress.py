"""What goes on without a line of its own: whoever has a terminal shows it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

#: Shows these words for as long as what they say goes on; the library's default shows nothing.
shown: Callable[[str], AbstractContextManager[object]] = nullcontext


@contextmanager
def working(words: str) -> Iterator[None]:
    """Say what goes on meanwhile."""
    with shown(words):
        yield
