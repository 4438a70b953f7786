"""
The lookout: turns changes of the folder into hints, by file system events and by polling.

Events where the system gives them; polling besides where it does not give all. A watcher that lost
events is renewed, and then everything is scanned. It decides in the control loop and renews the
watcher in the scan's thread; it has no thread of its own.
"""

from __future__ import annotations

import threading
from typing import Literal

from jatossync.core.watching import Watching, pause_s
from jatossync.local.poll import Poller
from jatossync.local.root import StudyFolder
from jatossync.local.scan import Scanner
from jatossync.local.watch import Watcher
from jatossync.threads import Hints

BLIND_RETRY_S = 60.0
"""How often to see whether the system lets us watch more than it did."""


class Lookout:
    """All times are seconds of one monotonic clock."""

    def __init__(
        self,
        folder: StudyFolder,
        scanner: Scanner,
        mode: Literal["auto", "events", "poll"],
        hints: Hints,
    ) -> None:
        self._folder = folder
        self._scanner = scanner
        self._mode = mode
        self._hints = hints
        self._watcher = None
        if mode != "poll":
            self._watcher = Watcher(folder.path, hints.add, hints.lose)
        self._poller: Poller | None = None
        self._renewal = threading.Event()
        self._loss: str | None = None
        self._renewal_s = 0.0
        self._retry_s: float | None = None
        self._cost_s = 0.0
        self._displaced = folder.displaced()

    def start(self) -> None:
        """Begin, before the first scan: the other order would miss what comes between."""
        if self._watcher is not None:
            self._watcher.start()
        self._poll_or_not()

    def stop(self) -> None:
        """Look out no more."""
        if self._watcher is not None:
            self._watcher.stop()
        if self._poller is not None:
            self._poller.stop()

    def tick(self, now_s: float) -> str | None:
        """
        Notice what sends no event; to be called about once a second.

        Returns:
            Why everything has to be looked at now, if it has.
        """
        blindness = self._blindness(self._watcher, now_s) if self._watcher else None
        self._loss = self._loss or self._hints.take_loss() or blindness or self._other_disk()
        self._poll_or_not()
        if self._loss is None or now_s < self._renewal_s:
            return None
        loss, self._loss = self._loss, None
        # A storm of losses must not become one of looks at everything.
        self._renewal_s = now_s + pause_s(self._cost_s)
        self._renewal.set()
        return loss

    def looked(self, cost_s: float) -> None:
        """A look at everything took so long."""
        self._cost_s = cost_s

    def before_scan(self) -> None:
        """First the watches, then the scan. Called in the thread that scans."""
        if self._renewal.is_set() and self._watcher is not None:
            self._renewal.clear()
            self._watcher.renew()

    @property
    def status(self) -> Watching:
        """How the folder is followed now."""
        why, advice = self._reason()
        if self._poller is None:
            return Watching("events", why, advice)
        return Watching("poll", why, advice, self._poller.interval_s)

    def _blindness(self, watcher: Watcher, now_s: float) -> str | None:
        if not watcher.healthy():
            return "the watcher stopped"
        if watcher.blind is None or self._retry_s is None:
            self._retry_s = now_s + BLIND_RETRY_S if watcher.blind else None
        elif now_s >= self._retry_s:
            self._retry_s = now_s + BLIND_RETRY_S
            return "the system may let us watch more by now"
        return None

    def _other_disk(self) -> str | None:
        """A disk that comes makes no event."""
        before, self._displaced = self._displaced, self._folder.displaced()
        return None if self._displaced == before else "a disk below the folder came or went"

    def _poll_or_not(self) -> None:
        wanted = self._mode == "poll" or (self._mode == "auto" and bool(self._reason()[0]))
        if wanted and (self._poller is None or not self._poller.alive):
            self._poller = Poller(self._scanner.glance, self._hints.add, self._poller_began)
        elif self._poller is not None and not wanted:
            self._poller.stop()
            self._poller = None

    def _poller_began(self) -> None:
        self._hints.lose("what changed before the first of our own looks was not noticed")

    def _reason(self) -> tuple[str, str]:
        """What events do not tell, and what would help."""
        if self._watcher is None:
            return "`watch: {mode: poll}`", ""
        if deaf := self._folder.deaf:
            return f"{deaf} can be changed by other computers, which makes no events", ""
        return self._watcher.blind or ("", "")
