"""``netmodes``, ``python -m netmodes``, and the file that sudo runs, wherever it is installed."""

import atexit
import gc
import signal
import sys
from pathlib import Path
from typing import NoReturn

if __package__ in (None, ""):
    # Run as a file: Python put this folder first on its path, where the package's parent belongs.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)


def main() -> NoReturn:
    """Run the command line, from its imports on without what collects Python's garbage."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # no traceback until a command is invoked
    gc.disable()  # it costs a tenth of a run's time, and the process ends soon
    atexit.register(gc.freeze)
    from netmodes.cli import main as run

    run()


if __name__ == "__main__":
    main()
