"""
Hints that something changed below the folder: watchdog, as a source of "look there" and no more.

Law 1: an event says where to look, never what happened. And watchdog 7.1 can go blind while every
thread of it is alive; on Linux each way it does becomes a signal (inotify.py), elsewhere only a
thread that ended is noticed, so nobody may count on being told: there is the periodic rescan.
"""

from __future__ import annotations

import os
import sys
import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from watchdog.events import (
    DirAttribEvent,
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileAttribEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from jatossync.core.paths import ROOT, BadPath, RelPath, rel_path
from jatossync.errors import SHORTAGES

if sys.platform == "linux":
    from jatossync.local.inotify import SignalObserver, Signals

# Harmless ones about a watch that is gone already; as errors they would end watchdog's threads.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"watchdog\.observers")

STOP_S = 5.0
"""How long an observer may take to end before it is left to itself."""


class Blind(NamedTuple):
    """Why not everything is watched, though the watcher did what it could."""

    why: str
    advice: str


NO_MORE_WATCHES = Blind(
    "the system lets this user watch no more directories",
    "Raise the limit: sudo sysctl fs.inotify.max_user_watches=524288",
)
NO_WATCHER = Blind(
    "the system has no more room for a watcher (too many open files, or too many of them)",
    "Close programs, or raise the limit: sudo sysctl fs.inotify.max_user_instances=1024",
)

CONTENT_EVENTS: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileModifiedEvent,
    FileClosedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileAttribEvent,
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    DirAttribEvent,
]
"""Never "opened" or "closed without writing": our own reading would make those, and watchdog's own
walk over a few thousand directories would overflow the kernel's queue with them. The attributes
are in because a chmod can let us read what we could not."""


class Watcher:
    """
    Watches a folder until it is stopped.

    `hint` and `lost` are called in watchdog's threads: they must be quick and must not raise.
    """

    def __init__(
        self, folder_path: str, hint: Callable[[RelPath, bool], None], lost: Callable[[str], None]
    ) -> None:
        """
        Args:
            folder_path: The folder's real path; nothing behind a symlink would be watched.
            hint: Look at this path; True: it is a directory, look at everything below it too.
            lost: Events were lost, or will be; why. `renew`, then look at everything. It may come
                many times a second, so the one who renews has to wait a little in between.
        """
        self._path = folder_path
        self._handler = _Hints(folder_path, hint, lost)
        self._lost = lost
        self._observer: BaseObserver | None = None
        self._watched: tuple[int, int] | None = None
        self._blind: Blind | None = None
        self._known_blind: Blind | None = None
        self._life = threading.Lock()
        self._stopped = False

    @property
    def blind(self) -> Blind | None:
        """Why not everything can be watched, and what helps; None where all is."""
        return self._blind

    def start(self) -> None:
        """
        Begin to watch.

        Raises nothing: what could not be watched is told by `healthy` and `blind`.
        """
        with self._life:
            self._begin()

    def renew(self) -> None:
        """Watch anew, with an empty queue and a fresh look at the directories."""
        with self._life:
            self._end()
            self._begin()

    def healthy(self) -> bool:
        """False where only a `renew` can help: the watch ended, or is on another directory."""
        if self._life.locked():
            return True  # being renewed
        observer = self._observer
        if observer is None:
            return self._blind is not None
        threads = (observer, *observer.emitters)
        return all(thread.is_alive() for thread in threads) and self._standing() == self._watched

    def _standing(self) -> tuple[int, int] | None:
        """Which directory stands at the path: moves and mounts over it make no event."""
        try:
            found = os.lstat(self._path)
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def stop(self) -> None:
        """Stop watching, for good; what happens from now on is not told."""
        self._stopped = True
        with self._life:
            self._end()

    def _begin(self) -> None:
        if self._stopped:
            return
        self._known_blind, self._blind = self._blind, None
        self._handler.unreadable.clear()
        try:
            observer = self._new_observer()
        except (OSError, RuntimeError):
            self._blind = NO_WATCHER
            return
        self._watched = self._standing()
        try:
            observer.schedule(
                self._handler, self._path, recursive=True, event_filter=CONTENT_EVENTS
            )
            observer.start()
        except (OSError, RuntimeError) as exc:  # RuntimeError: no thread can be started
            if isinstance(exc, RuntimeError) or exc.errno in SHORTAGES:
                self._blind = NO_WATCHER
            _end(observer)
            return
        self._observer = observer

    def _end(self) -> None:
        observer, self._observer = self._observer, None
        if observer is not None:
            _end(observer)

    def _new_observer(self) -> BaseObserver:
        observer: BaseObserver
        if sys.platform == "linux":
            signals = Signals(self._lost, self._reach_limit, self._handler.unreadable.add)
            observer = SignalObserver(signals)
        else:
            observer = Observer()
        return observer

    def _reach_limit(self) -> None:
        """Told as a loss once; not again by the next observer, or renewals would never end."""
        known = NO_MORE_WATCHES in (self._blind, self._known_blind)
        self._blind = NO_MORE_WATCHES
        if not known:
            self._lost(NO_MORE_WATCHES.why)


class _Hints(FileSystemEventHandler):
    """Turns events into hints, one for each path they name."""

    def __init__(
        self, folder_path: str, hint: Callable[[RelPath, bool], None], lost: Callable[[str], None]
    ) -> None:
        self._folder = folder_path
        self._top = folder_path.rstrip(os.sep) + os.sep
        self._hint = hint
        self._lost = lost
        self.unreadable: set[str] = set()
        """Directories that could not be watched for want of permission."""

    def dispatch(self, event: FileSystemEvent) -> None:
        if isinstance(event, DirMovedEvent) and not event.is_synthetic:
            self._lost("a directory was moved, and watchdog can mix up what was in it")
        if isinstance(event, DirAttribEvent) and event.src_path in self.unreadable:
            self._lost("a directory can perhaps be read now")
        for path in (event.src_path, event.dest_path):
            if path:
                self._look(os.fsdecode(path), event)

    def _look(self, path: str, event: FileSystemEvent) -> None:
        if path == self._folder:
            if isinstance(event, DirDeletedEvent | DirMovedEvent):
                self._lost("the folder itself was deleted or moved")
            self._hint(ROOT, True)
        elif path.startswith(self._top):
            below = path[len(self._top) :].replace(os.sep, "/")
            with suppress(BadPath):  # no name of an asset; the scan reports it
                self._hint(rel_path(os.fsencode(below)), event.is_directory)


def _end(observer: BaseObserver) -> None:
    """Stop an observer, whatever state it is in, or leave it behind after a while."""

    def stop() -> None:
        with suppress(Exception):
            observer.stop()
            observer.join()

    thread = threading.Thread(target=stop, name="watch-end", daemon=True)
    thread.start()
    thread.join(STOP_S)
