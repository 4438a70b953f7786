"""
The waiting room: which paths are dirty, and when each is due.

A path is due when nothing touched it for `quiet_s`, or `max_wait_s` after the first touch however
busy it is. It is told the time, so its tests are arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterator
from dataclasses import dataclass

from jatossync.core.paths import ROOT, RelPath, below

FLOOD = 20_000
"""More dirty paths than this are one dirty folder: a full pass is cheaper than the list."""


@dataclass(slots=True)
class _Mark:
    first_s: float
    last_s: float
    max_wait_s: float


class Debounce:
    """All times are seconds of one monotonic clock."""

    def __init__(self, quiet_s: float) -> None:
        self._quiet_s = quiet_s
        self._marks: dict[RelPath, _Mark] = {}
        self._visits: dict[RelPath, float] = {}
        # Nothing is due before this; touching a path again only makes it due later.
        self._not_before_s = math.inf

    def __contains__(self, path: RelPath) -> bool:
        return path in self._marks

    def __len__(self) -> int:
        return len(self._marks)

    def __iter__(self) -> Iterator[RelPath]:
        return iter(self._marks)

    def mark(self, path: RelPath, now_s: float, max_wait_s: float) -> None:
        """Something may have happened at `path`, or below it."""
        mark = self._marks.get(path)
        if mark is not None:
            mark.last_s = now_s
            return
        self._not_before_s = min(self._not_before_s, now_s + min(self._quiet_s, max_wait_s))
        if len(self._marks) < FLOOD:
            self._marks[path] = _Mark(now_s, now_s, max_wait_s)
        else:
            self._marks = {ROOT: _Mark(now_s, now_s, max_wait_s)}

    def visit(self, path: RelPath, at_s: float) -> None:
        """Look at `path` at `at_s`, whether or not something happens; the earliest visit counts."""
        self._visits[path] = min(at_s, self._visits.get(path, at_s))
        self._not_before_s = min(self._not_before_s, at_s)

    def hurry(self, path: RelPath, now_s: float) -> None:
        """Look at `path` and all below it at once: a person waits for it."""
        for dirty, mark in self._marks.items():
            if below(dirty, path):
                mark.last_s = now_s - self._quiet_s
        self.visit(path, now_s)

    def take(self, now_s: float, busy: Container[RelPath]) -> frozenset[RelPath]:
        """The paths that are due and not busy, which are no longer dirty then."""
        if now_s < self._not_before_s:
            return frozenset()
        due = {path for path, mark in self._marks.items() if self._due_s(mark) <= now_s}
        due.update(path for path, at_s in self._visits.items() if at_s <= now_s)
        taken = frozenset(path for path in due if path not in busy)
        for path in taken:
            self._marks.pop(path, None)
            self._visits.pop(path, None)
        self._not_before_s = self._earliest_s(())
        return taken

    def wake_s(self, now_s: float, busy: Container[RelPath]) -> float | None:
        """When a path that is not busy may be due; at times none is. None: nothing waits."""
        wake_s = self._not_before_s
        if wake_s <= now_s:
            wake_s = self._earliest_s(busy)
        return None if wake_s == math.inf else wake_s

    def _earliest_s(self, busy: Container[RelPath]) -> float:
        times = [self._due_s(mark) for path, mark in self._marks.items() if path not in busy]
        times += [at_s for path, at_s in self._visits.items() if path not in busy]
        return min(times, default=math.inf)

    def young(self, now_s: float, age_s: float) -> Iterator[RelPath]:
        """The dirty paths that were first touched less than `age_s` ago, the newest first."""
        for path, mark in reversed(self._marks.items()):
            if now_s - mark.first_s >= age_s:
                return
            yield path

    def _due_s(self, mark: _Mark) -> float:
        return min(mark.last_s + self._quiet_s, mark.first_s + mark.max_wait_s)
