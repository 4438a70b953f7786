"""
Nothing is lost: random histories of the whole program, with all that can go wrong on the way.

A seed that fails is shown with the shortest history that fails in the same way, as code to be
pasted into test_findings.py. In the long run all seeds follow from a first one, which is printed;
JATOSSYNC_SEED sets it, JATOSSYNC_HISTORIES how many there are.
"""

from __future__ import annotations

import os
import random

import pytest

from tests.simulation.many import live, live_spread, told

HISTORIES, EACH = 200, 10
LONG = int(os.environ.get("JATOSSYNC_HISTORIES", "10000"))


@pytest.mark.parametrize("first", range(1, 1 + HISTORIES, EACH))
def test_no_law_is_broken_in_any_history(first: int) -> None:
    lived = live(first, EACH)
    assert not lived.findings, "\n".join(lived.findings)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_no_law_is_broken_in_thousands_of_histories(capsys: pytest.CaptureFixture[str]) -> None:
    first = int(os.environ.get("JATOSSYNC_SEED") or random.randrange(10**9))
    processes = len(os.sched_getaffinity(0))
    with capsys.disabled():
        print(f"\nhistories from seed {first} on, in {processes} processes", flush=True)
        lived = told(live_spread(first, LONG, processes))
    assert not lived.findings, "\n".join(lived.findings)
    assert lived.histories == LONG
