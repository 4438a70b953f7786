"""
A rate limit for each file: who saves again and again is followed at once, a log is not.

On JATOS every overwrite is a moment in which participants get "not found".
"""

from __future__ import annotations

from itertools import takewhile

from jatossync.core.paths import RelPath

AT_ONCE = 3
"""So many uploads of one file may follow one another; then one in each longest wait."""


class Pace:
    """
    All times are seconds of one monotonic clock.

    Args:
        each_s: The time between two uploads of a file that never rests.
    """

    def __init__(self, each_s: float) -> None:
        self._each_s = each_s
        # When each file will have been quiet for long enough to be followed at once again.
        self._paid_s: dict[RelPath, float] = {}

    def sent(self, path: RelPath, now_s: float) -> None:
        """`path` was uploaded."""
        self._paid_s[path] = max(self._paid_s.pop(path, now_s), now_s) + self._each_s
        # The longest quiet first: what is forgotten later than it could be does no harm.
        for each in [*takewhile(lambda each: self._paid_s[each] <= now_s, self._paid_s)]:
            del self._paid_s[each]

    def free_s(self, path: RelPath) -> float:
        """When `path` may be uploaded again; that may be long ago."""
        return self._paid_s.get(path, 0.0) - (AT_ONCE - 1) * self._each_s
