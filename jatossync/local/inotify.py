"""
watchdog's inotify observer, made to say when it loses something (Linux only).

Measured on watchdog 7.1: after a queue overflow its own rebuild of the watches can overflow the
queue again, for ever; a watch that cannot be added is passed over in silence; a slip in its
bookkeeping (a folder moved to the trash, made anew, removed, the trash emptied) ends the thread
that reads the kernel's queue, while `is_alive()` stays true. These hooks are undocumented, which is
why the project pins the version and the tests try each of them on a real kernel.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyEmitter
from watchdog.observers.inotify_c import (
    CallbackId,
    InotifyConstants,
    InotifyEvent,
    InotifyFD,
    Mask,
    WatchCallback,
    WatchDescriptor,
)

from jatossync.errors import SHORTAGES

# It calls it an error when an observer ends while events are waiting; each renewal does just that.
logging.getLogger("watchdog.observers.inotify").setLevel(logging.CRITICAL)


class Signals(NamedTuple):
    """What is called, in watchdog's threads, when something goes wrong."""

    lost: Callable[[str], None]
    """Events were lost; a new observer would see again."""
    limit: Callable[[], None]
    """The system allows no more watches; a new observer would fare no better."""
    unreadable: Callable[[str], None]
    """This directory cannot be watched until its permissions change."""


class SignalObserver(BaseObserver):
    """An observer that is blind only after it has said so."""

    def __init__(self, signals: Signals) -> None:
        self._reader = _SignalFD(signals)
        self._reader.start()
        super().__init__(_SignalEmitter, inotify_fd=self._reader)

    def is_alive(self) -> bool:
        return super().is_alive() and self._reader.is_alive()

    def on_thread_stop(self) -> None:
        super().on_thread_stop()
        self._reader.stop()
        self._reader.join()


class _SignalEmitter(InotifyEmitter):
    def on_thread_stop(self) -> None:
        group = self._inotify
        # Its table of watches may be in disorder. Then it gives up half-way, and this thread would
        # wait for its queue for ever.
        with suppress(KeyError, RuntimeWarning):
            super().on_thread_stop()
        if group is not None:
            group._move_event_grouper.close()


class _SignalFD(InotifyFD):
    def __init__(self, signals: Signals) -> None:
        try:
            super().__init__()
        except OSError:  # no room for its pipe: then nobody lets go of what it made before
            if "_inotify_fd" in vars(self):
                os.close(self._inotify_fd)
            raise
        self._signals = signals

    def handle_event(self, event: InotifyEvent) -> None:
        if event.is_queue_overflow:
            self._signals.lost("too much happened at once, and the kernel dropped events")
            return  # not to the rebuild
        if event.mask & InotifyConstants.IN_UNMOUNT:
            self._signals.lost("a disk at or below the folder was unmounted")
        try:
            super().handle_event(event)
        except Exception as exc:  # noqa: BLE001  (whatever it is, this thread must go on)
            self._signals.lost(f"watchdog lost track of its directories ({exc!r})")

    def add_callback(
        self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId
    ) -> WatchDescriptor:
        """
        As in watchdog, without the warning about a directory that is watched already.

        That is normal when a directory is found twice, and its text is the whole table of watches.
        """
        try:
            # watchdog walks on from here, and is silent where it cannot.
            os.close(os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC))
            with self._lock:
                watch = self._get_or_create_watch(path, mask)
                if watch.wd == -1:  # EACCES, of which watchdog makes a watch without events
                    del self._watch_for_wd[watch.wd]
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
                watch.callbacks[id_] = callback
                return watch.wd
        except OSError as exc:
            self._explain(exc, path)
            raise

    def _explain(self, error: OSError, path: bytes) -> None:
        if error.errno == errno.ENOSPC:
            self._signals.limit()
        elif error.errno in SHORTAGES:
            self._signals.lost(f"a directory could not be watched: {error.strerror}")
        elif error.errno == errno.EACCES:
            self._signals.unreadable(os.fsdecode(path))
