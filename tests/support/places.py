"""Where things are in the checkout."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
SUPPORT = ROOT / "tests/support"

#: Machines as facts, and what the command line prints to the letter.
FACTS = ROOT / "tests/facts"
GOLDEN = ROOT / "tests/golden"

#: Hosts, each as the commands that turn a lab's machine into it, and what is expected there.
HOSTS = ROOT / "tests/hosts"
