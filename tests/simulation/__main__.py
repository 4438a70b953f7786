"""Many histories: `python -m tests.simulation --first 1 --count 1000`."""

from __future__ import annotations

import argparse
import sys
import time
import traceback

from tests.simulation import edges
from tests.simulation.history import STEPS, failure, made_from, shortened


def main() -> int:
    """Live through many histories and tell of each that fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--shorten", action="store_true")
    parser.add_argument("--stop-after", type=int, default=10)
    wanted = parser.parse_args()
    began_s, failed = time.monotonic(), 0
    with edges.installed():
        for seed in range(wanted.first, wanted.first + wanted.count):
            history = made_from(seed, wanted.steps)
            try:
                history.live()
            except Exception as error:  # noqa: BLE001  (a finding)
                failed += 1
                print(f"--- seed {seed}: {type(error).__name__} {error}")
                if not hasattr(error, "law"):
                    traceback.print_exc()
                if wanted.shorten:
                    short = shortened(history)
                    print(f"{failure(short)}", short.as_test(), sep="\n")
                sys.stdout.flush()
                if failed >= wanted.stop_after:
                    break
    print(
        f"{seed - wanted.first + 1} histories, {failed} failed, {time.monotonic() - began_s:.0f} s"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
