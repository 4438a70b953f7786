"""
The end of what had no answer: looked at once more when JATOS cannot act on it any more (law 15).

An answer that was lost is missed by the next try, which looks; this is for what that look could not
see yet (core/late.py): an upload of a file that is gone, or was written again, since; a delete of
one that is back.
"""

from __future__ import annotations

from jatossync.core.actions import Delete, Upload, sent_by
from jatossync.core.paths import ROOT
from jatossync.engine.parts import Parts, Room

BUSY_S = 1.0
"""What is under way may have looked too early: that is waited for."""


class Unanswered(Room):
    """Told what was lost; decides anew about paths for which nothing comes any more (`settle`)."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._begun = False

    @property
    def wake_s(self) -> float | None:
        """When `settle` has something to do; None: nothing is open."""
        return self._late.next_s

    def lost(self, job: Upload | Delete, now_s: float) -> None:
        """A request ended without an answer."""
        self._late.sent(job.path, [sent_by(job)], now_s)
        self._parts.acknowledged(job.path)

    def settle(self, now_s: float) -> None:
        """What is over is over."""
        if not self._begun:
            self._begun = True
            self._of_an_earlier_process(now_s)
        for path in self._late.over(now_s):
            if path in self._parts.busy():
                self._late.put_off(path, now_s + BUSY_S)
            elif path in self._late.awaited or path in self._queue:
                self._late.end(path)
                self._evidence.touched(path)
                self._parts.decide_anew(path, now_s)
            else:  # it came to what is agreed, if to anything
                self._late.end(path)
                self._store.settled(path)

    def _of_an_earlier_process(self, now_s: float) -> None:
        """It may have been killed a moment ago."""
        if self._settings.dry_run:
            return
        for path, attempts in self._store.attempts([ROOT]).items():
            self._late.sent(path, [attempt.content for attempt in attempts], now_s)
            self._parts.acknowledged(path)
