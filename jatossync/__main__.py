"""`jatossync` and `python -m jatossync`."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    _fill_standard_streams()
    from jatossync.cli.main import run
    from jatossync.log import install_excepthooks

    install_excepthooks()
    sys.exit(run(sys.argv[1:]))


def _fill_standard_streams() -> None:
    """
    What starts a program may have closed its streams (a supervisor), or give none (pythonw).

    Then nobody listens, but all else goes on; and no connection is taken for one of them.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass  # it takes the place of the one that is closed
    os.close(descriptor)
    sys.stdin = sys.stdin or os.fdopen(0)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8")


if __name__ == "__main__":
    main()
