"""
Nothing is lost: random histories of the whole program, with all that can go wrong on the way.

A seed that fails is shown with the shortest history that fails in the same way, as code to be
pasted into test_findings.py. JATOSSYNC_SEED sets the first seed, JATOSSYNC_HISTORIES how many
histories the long run has.
"""

from __future__ import annotations

import os
import traceback

import pytest

from tests.simulation.history import failure, made_from, shortened

FIRST_SEED = int(os.environ.get("JATOSSYNC_SEED", "1"))
LONG = int(os.environ.get("JATOSSYNC_HISTORIES", "10000"))
BATCH = 50


def live(first: int, count: int) -> None:
    for seed in range(first, first + count):
        history = made_from(seed)
        error = failure(history)
        if error is not None:
            short = shortened(history)
            told = "".join(traceback.format_exception(failure(short)))
            raise AssertionError(f"seed {seed}: {error}\n\n{short.as_test()}\n\n{told}")


@pytest.mark.parametrize("first", range(FIRST_SEED, FIRST_SEED + 100, 25))
def test_no_law_is_broken_in_any_history(first: int) -> None:
    live(first, 25)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("first", range(FIRST_SEED, FIRST_SEED + LONG, BATCH))
def test_no_law_is_broken_in_thousands_of_histories(first: int) -> None:
    live(first, BATCH)
