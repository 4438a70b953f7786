"""
Git at work in the folder: what it will leave is not there yet, so writing waits, but not for ever.

A lock that a crash left behind, or a rebase that waits for its user, is ignored after a while; the
next operation is another one and is waited for again.
"""

from __future__ import annotations

from collections.abc import Iterable

UPLOADS_WAIT_S = 10.0
DELETES_WAIT_S = 60.0

AGAIN_S = 0.2
"""How often to see whether it is done."""


class GitWait:
    """Told what was seen, and when, in seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}
        self._seen_s = 0.0

    def saw(self, operations: Iterable[str], now_s: float) -> bool:
        """
        These operations were in progress in a scan.

        Returns:
            Whether one is new.
        """
        before, self._seen_s = self._since, now_s
        self._since = {each: before.get(each, now_s) for each in operations}
        return not self._since.keys() <= before.keys()

    def holds_up(self, *, delete: bool, now_s: float) -> bool:
        """Whether an upload, or a delete, waits."""
        limit_s = DELETES_WAIT_S if delete else UPLOADS_WAIT_S
        return any(now_s - since_s < limit_s for since_s in self._since.values())

    @property
    def operations(self) -> frozenset[str]:
        """What git was doing when it was last seen."""
        return frozenset(self._since)

    @property
    def again_s(self) -> float:
        """When to look again."""
        return self._seen_s + AGAIN_S
