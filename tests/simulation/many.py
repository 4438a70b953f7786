"""Many histories, spread over the processors: how many there were, and what they found."""

from __future__ import annotations

import multiprocessing
import time
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from tests.simulation import edges
from tests.simulation.history import STEPS, failure, made_from, shortened

BATCH = 20
"""So many are lived through in one go; a process ends after a few of them."""


@dataclass
class Lived:
    """What came of some histories."""

    histories: int = 0
    steps: int = 0
    findings: list[str] = field(default_factory=list)
    """Each with its seed, what was broken, and a test that breaks it again."""

    def add(self, other: Lived) -> None:
        """These were lived through as well."""
        self.histories += other.histories
        self.steps += other.steps
        self.findings += other.findings

    def __str__(self) -> str:
        return f"{self.histories} histories, {self.steps} steps, {len(self.findings)} failed"


def live(first: int, count: int, *, steps: int = STEPS, shorten: bool = True) -> Lived:
    """The histories of `count` seeds, one after the other; all edges have to be installed."""
    lived = Lived()
    for seed in range(first, first + count):
        history = made_from(seed, steps)
        lived.histories += 1
        lived.steps += len(history.operations)
        if (error := failure(history)) is not None:
            lived.findings.append(_told(seed, error))
            if shorten:
                short = shortened(history)
                lived.findings[-1] += f"{failure(short)}\n{short.as_test()}\n"
    return lived


def _live_alone(first: int, count: int, steps: int, shorten: bool) -> Lived:
    """In a process of its own."""
    with edges.installed():
        return live(first, count, steps=steps, shorten=shorten)


def live_spread(
    first: int, count: int, processes: int, *, steps: int = STEPS, shorten: bool = True
) -> Iterator[Lived]:
    """The same in several processes; what there is so far, after each batch."""
    lived = Lived()
    fresh = multiprocessing.get_context("spawn")
    # Not concurrent.futures: its executor stands still now and then when a process has its share.
    with fresh.Pool(processes, maxtasksperchild=10) as pool:
        batches = [
            pool.apply_async(_live_alone, (at, min(BATCH, first + count - at), steps, shorten))
            for at in range(first, first + count, BATCH)
        ]
        for batch in batches:
            lived.add(batch.get())
            yield lived


def _told(seed: int, error: Exception) -> str:
    """In one line what is broken; with all lines what is no law but an error of the program."""
    told = f"--- seed {seed}: {type(error).__name__} {error}\n"
    if not hasattr(error, "law"):
        told += "".join(traceback.format_exception(error))
    return told


def told(parts: Iterable[Lived], stop_after: int = 10) -> Lived:
    """
    Say what is found as soon as it is, how far it is now and then, and what there was in the end.

    Args:
        parts: What there is so far, again and again.
        stop_after: With so many findings there is no need for more.
    """
    began_s, lived, said, thousands = time.monotonic(), Lived(), 0, 0
    for lived in parts:
        for finding in lived.findings[said:]:
            print(finding, flush=True)
        said = len(lived.findings)
        if said >= stop_after:
            break
        if lived.histories // 1000 > thousands:
            thousands = lived.histories // 1000
            print(f"… {lived}, {time.monotonic() - began_s:.0f} s", flush=True)
    print(f"{lived}, {time.monotonic() - began_s:.0f} s", flush=True)
    return lived
