"""What the daemon's threads share: where the watcher leaves its hints, and who works off jobs."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from jatossync.core.debounce import FLOOD
from jatossync.core.jobs import Job
from jatossync.core.paths import ROOT, RelPath


class Hints:
    """Where the watcher's thread leaves what it saw: O(1), no I/O, never raises."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._lock = threading.Lock()
        self._paths: set[RelPath] = set()
        self._loss: str | None = None
        self._wake = wake

    def add(self, path: RelPath, _is_directory: bool) -> None:
        """Whatever it is, all below it is looked at too."""
        with self._lock:
            first = not self._paths
            if len(self._paths) >= FLOOD:
                self._paths = {ROOT}
            self._paths.add(path)
        if first:
            self._wake()

    def lose(self, reason: str) -> None:
        """Hints were lost, or will be."""
        with self._lock:
            self._loss = self._loss or reason

    def take(self) -> set[RelPath]:
        """The paths since the last time."""
        with self._lock:
            taken, self._paths = self._paths, set()
        return taken

    def take_loss(self) -> str | None:
        """Why hints were lost since the last time, if they were."""
        with self._lock:
            taken, self._loss = self._loss, None
        return taken


class Pool:
    """
    Threads that work off jobs.

    They are daemon threads, unlike those of concurrent.futures: a request that hangs for its whole
    timeout must not keep the program from ending.
    """

    def __init__(self, name: str, size: int, work: Callable[[Job], None]) -> None:
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._work = work
        self._size = size
        for n in range(size):
            threading.Thread(target=self._loop, name=f"{name}-{n}", daemon=True).start()

    def put(self, job: Job) -> None:
        """Let the next idle thread do it."""
        self._jobs.put(job)

    def close(self) -> None:
        """End the threads once their jobs are done."""
        for _ in range(self._size):
            self._jobs.put(None)

    def _loop(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._work(job)
