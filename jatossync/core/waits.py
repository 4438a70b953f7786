"""
When is everything that was saved before a moment on JATOS? (`jatossync wait`)

Never too early: it counts only what a look at the folder saw that began after that moment, and
requests that began after it.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field

from jatossync.core.paths import RelPath, within


@dataclass(slots=True, eq=False)
class Wait:
    """One person, or script, that waits."""

    scope: frozenset[RelPath]
    passes: int
    """How many passes had begun when it came: those saw the folder too early."""
    under_way: set[RelPath]
    """Requests that had begun when it came: they may carry older bytes."""
    unlooked: set[RelPath] = field(init=False)
    """What of the scope was not looked at since."""
    missing: set[RelPath] = field(default_factory=set)
    """Paths that were looked at, and are not on JATOS yet."""

    def __post_init__(self) -> None:
        self.unlooked = set(self.scope)

    @property
    def left(self) -> set[RelPath]:
        """What it waits for."""
        return self.unlooked | self.missing

    def covers(self, path: RelPath) -> bool:
        """Whether it waits for `path`."""
        return within(path, self.scope)


class Waits:
    """All who wait."""

    def __init__(self) -> None:
        self._waits: list[Wait] = []

    def begin(self, wait: Wait) -> None:
        """From now on it is told."""
        self._waits.append(wait)

    def end(self, wait: Wait) -> None:
        """It no longer waits."""
        if wait in self._waits:
            self._waits.remove(wait)

    def awaits(self, path: RelPath) -> bool:
        """Whether somebody waits for `path`."""
        return any(wait.covers(path) for wait in self._waits)

    def planned(
        self, number: int, scope: Container[RelPath], left: Callable[[], Iterable[RelPath]]
    ) -> None:
        """
        A pass is decided about.

        Args:
            number: Counts the passes.
            left: Gives all paths for which something is still to be done or to be found out.
        """
        for wait in self._waits:
            if wait.unlooked and number > wait.passes:
                seen = {path for path in wait.unlooked if within(path, scope)}
                wait.unlooked -= seen
                wait.missing.update(path for path in left() if within(path, seen))

    def ended(self, path: RelPath, done: bool) -> None:
        """A request for `path` ended; `done`: JATOS has the bytes of when it began, or later."""
        for wait in self._waits:
            if path in wait.under_way:
                wait.under_way.discard(path)
            elif done:
                wait.missing.discard(path)

    @staticmethod
    def over(wait: Wait, left: Callable[[RelPath], bool]) -> bool:
        """
        Whether there is nothing left to wait for.

        Args:
            left: Whether something is still to be done or to be found out for a path.
        """
        while wait.missing:
            path = wait.missing.pop()
            if left(path):
                wait.missing.add(path)
                return False
        return not wait.unlooked
