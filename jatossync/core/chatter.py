"""
A log that people can read: a few files get a line each, of thousands the sum is told.

Lines that are too many are not lost: they are told at the level `debug`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from jatossync.core.report import Event

LINES = 20
"""So many lines about single files at once."""

LINES_PER_S = 2.0
"""A pace at which every file has its line for ever."""

CALM_S = 1.0
"""So long nothing happens before a flood is over."""

SUM_S = 30.0
"""In a flood that takes long, so often the sum is told."""

_VERBS = ("uploaded", "deleted")


@dataclass(slots=True)
class _Sum:
    files: int = 0
    size: int = 0


class Chatter:
    """Told the time, in seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._room = float(LINES)
        """Lines that may be told now."""
        self._last_s = 0.0
        self._sums: dict[str, _Sum] = {}
        """Of the flood under way; empty where there is none."""
        self._since_s = 0.0

    def heard(self, event: Event, now_s: float) -> Event:
        """The event as it is to be told."""
        if event.level != "info" or event.name not in _VERBS or "path" not in event.fields:
            return event
        self._room = min(self._room + LINES_PER_S * (now_s - self._last_s), float(LINES))
        self._last_s = now_s
        if not self._sums:
            if self._room >= 1:
                self._room -= 1
                return event
            self._since_s = now_s
        added = self._sums.setdefault(event.name, _Sum())
        size = event.fields.get("size")
        added.files += 1
        added.size += size if isinstance(size, int) else 0
        return replace(event, level="debug")

    def sums(self, now_s: float, *, over: bool = False) -> Iterator[Event]:
        """
        What was not told one by one, where it is time.

        Args:
            over: There is nothing more to come.
        """
        calm = over or now_s - self._last_s >= CALM_S
        if not self._sums or not (calm or now_s - self._since_s >= SUM_S):
            return
        told = self._sums
        # A flood goes on as one, however often its sum is told.
        self._sums = {} if calm else {verb: _Sum() for verb in told}
        self._room = float(LINES)
        ms = round(1000 * (self._last_s - self._since_s))
        self._since_s = self._last_s
        for verb, total in told.items():
            size = {"size": total.size} if verb == "uploaded" else {}
            if total.files:
                yield Event(f"{verb} more", fields={"files": total.files, **size, "ms": ms})
