"""``python -m netmodes``, and the file that sudo runs, wherever it is installed."""

import sys
from pathlib import Path

if __package__ in (None, ""):
    # Run as a file: Python put this folder first on its path, where the package's parent belongs.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from netmodes.cli import main

main()
