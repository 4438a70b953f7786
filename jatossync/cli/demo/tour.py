"""The tour: one edit after another, each awaited on the other side."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping

from jatossync.cli.demo.edits import Edit
from jatossync.cli.demo.sides import Comparison, Fingerprint, Sides
from jatossync.cli.demo.view import Arrival, View
from jatossync.cli.words import SHOWN, plural
from jatossync.core.paths import RelPath
from jatossync.errors import JatossyncError
from jatossync.log import escaped

PATIENCE_S = 30.0
"""So long nothing at all may arrive before the demo gives up."""

SETTLE_S = 1.0
"""A moment for uploads that nobody needs: they would show in the comparison."""


class Tour:
    """
    Makes edits and waits for them.

    Args:
        pause: Lets a moment pass; what it raises ends the tour.
    """

    def __init__(self, sides: Sides, view: View, pause: Callable[[], None]) -> None:
        self._sides = sides
        self._view = view
        self._pause = pause
        self._saved: Counter[str] = Counter()

    def make(self, edit: Edit) -> None:
        """
        Make one edit and wait until both sides are equal for all that it touched.

        Raises:
            JatossyncError: Nothing arrived for `PATIENCE_S`.
        """
        self._view.begin(edit)
        self.rest(self._view.pace_s)
        touched = edit.act()
        saved_s = time.monotonic()
        self._view.saved(len(touched))
        wanted = self._sides.wanted(touched)
        gone = [path for path in touched if path not in wanted and path in self._saved]
        self._saved.update(wanted.keys())
        arrived = self._await({path: wanted.get(path) for path in touched}, saved_s)
        there_s = max((arrived[path] for path in wanted), default=None)
        gone_s = max((arrived[path] for path in gone), default=None)
        self._view.end(Arrival(edit.title, edit.what, there_s, gone_s))

    def rest(self, seconds: float) -> None:
        """Let time pass."""
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s:
            self._pause()

    def compare(self, uploads: Callable[[], Counter[str]]) -> tuple[Comparison, int]:
        """
        Compare both sides as a whole, and what was saved with what was uploaded.

        Returns:
            The comparison, which is without differences, and the number of uploads.

        Raises:
            JatossyncError: Something differs, or went up more often than it was saved.
        """
        self.rest(SETTLE_S)
        comparison = self._sides.compare()
        if comparison.differences:
            raise JatossyncError("both sides are not equal:" + _listed(comparison.differences))
        counts = uploads()
        again = [
            f"{path}: {plural(self._saved[path], 'save')}, {plural(count, 'upload')}"
            for path, count in counts.items()
            if count > self._saved[path]
        ]
        if again:
            raise JatossyncError("more was uploaded than was saved:" + _listed(again))
        return comparison, counts.total()

    def _await(
        self, expected: Mapping[RelPath, Fingerprint | None], saved_s: float
    ) -> dict[RelPath, float]:
        """How many seconds after `saved_s` each path was first seen as expected."""
        arrived: dict[RelPath, float] = {}
        moved_s = saved_s
        while len(arrived) < len(expected):
            self._pause()
            waiting = [path for path in expected if path not in arrived]
            new = [path for path in waiting if self._sides.there(path, expected[path])]
            now_s = time.monotonic()
            arrived.update((path, now_s - saved_s) for path in new)
            self._view.progress(len(arrived))
            moved_s = now_s if new else moved_s
            if now_s - moved_s > PATIENCE_S:
                text = (
                    f"for {PATIENCE_S:.0f} s nothing arrived; {plural(len(waiting), 'file')} to go:"
                )
                raise JatossyncError(text + _listed(waiting))
        return arrived


def _listed(lines: list[RelPath] | list[str] | tuple[str, ...]) -> str:
    found = sorted(lines)
    text = "".join(f"\n    {escaped(line)}" for line in found[:SHOWN])
    return text + (f"\n    and {len(found) - SHOWN} more" if len(found) > SHOWN else "")
