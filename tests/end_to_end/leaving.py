"""Leave lines that are written when the interpreter ends: `python -m tests.end_to_end.leaving`."""

from __future__ import annotations

import atexit
import logging
import sys
from logging.handlers import MemoryHandler


def main() -> None:
    """Log a line that logging writes at exit, and exit with 3."""
    atexit.register(sys.stdout.write, "an exit function\n")
    logger = logging.getLogger("leaving")
    logger.addHandler(MemoryHandler(2, target=logging.StreamHandler(sys.stdout)))
    logger.warning("a line of the log")
    sys.exit(3)


if __name__ == "__main__":
    main()
