"""`jatossync` and `python -m jatossync`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from jatossync.cli.main import run
    from jatossync.log import install_excepthooks

    install_excepthooks()
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
