"""Many histories: `python -m tests.simulation --first 1 --count 1000`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from tests.simulation import edges
from tests.simulation.history import STEPS
from tests.simulation.many import Lived, live, live_spread, told


def main() -> int:
    """Live through many histories and tell of each that fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--shorten", action="store_true")
    parser.add_argument("--stop-after", type=int, default=10, help="so many that fail")
    parser.add_argument("--processes", type=int, default=1)
    wanted = parser.parse_args()
    if wanted.processes > 1:
        parts = live_spread(
            wanted.first,
            wanted.count,
            wanted.processes,
            steps=wanted.steps,
            shorten=wanted.shorten,
        )
    else:
        parts = _one_by_one(wanted.first, wanted.count, wanted.steps, shorten=wanted.shorten)
    return 1 if told(parts, wanted.stop_after).findings else 0


def _one_by_one(first: int, count: int, steps: int, *, shorten: bool) -> Iterator[Lived]:
    lived = Lived()
    with edges.installed():
        for seed in range(first, first + count):
            lived.add(live(seed, 1, steps=steps, shorten=shorten))
            yield lived


if __name__ == "__main__":
    sys.exit(main())
