"""
When to read files once more whose size and times say that they did not change.

Mostly true, and not always: a program that writes through mapped memory, a clock that was set back,
a file system with coarse times. So every file is read about once a day, a few at a time. How long
ago that was is in the manifest, so that a restart does not begin from the start.
"""

from __future__ import annotations

import math

from jatossync.core.model import Row
from jatossync.core.ports import Store

DAY_S = 86_400.0

FIRST_S = 60.0
"""Not while the start is still at work, and never in a single pass."""

PAUSE_S = 10.0
ROUND_S = 3600.0
"""Between the last file that is due and the next look for some."""

FILES = 100
BYTES = 32 * 1024 * 1024
"""So much at once delays a save by a fraction of a second."""


class Rereading:
    """All times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self.next_s = -math.inf
        """When there may be something to read again."""
        self._last: Row | None = None

    def take(self, store: Store, now_s: float) -> list[Row]:
        """The files to read again now."""
        if self.next_s == -math.inf:
            self.next_s = now_s + FIRST_S
        if now_s < self.next_s:
            return []
        taken = _some(store.long_unread(DAY_S, self._last, FILES))
        # Those that cannot be read stay due; they must not keep the others from their turn.
        self._last = taken[-1] if taken else None
        self.next_s = now_s + (PAUSE_S if taken else ROUND_S)
        return taken


def _some(rows: list[Row]) -> list[Row]:
    """The first of them: not too many bytes, and at least one file."""
    size = 0
    for count, row in enumerate(rows):
        size += row.content.size
        if size > BYTES and count:
            return rows[:count]
    return rows
