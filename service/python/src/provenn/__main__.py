"""``python -m provenn``: the command line."""

import signal
import sys

from ._native import main

if __name__ == "__main__":
    # The library does not come back to the interpreter before the work is done.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(main(sys.argv[1:]))
