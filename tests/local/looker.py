"""A scanner with what the tests ask again and again, and a clock for accidents."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from jatossync.core.jobs import RootGone, Scan
from jatossync.core.model import Content, Entry, Kind, Row, Snapshot
from jatossync.core.paths import RelPath
from jatossync.local.directory import stat_of
from jatossync.local.root import StudyFolder
from jatossync.local.scan import Scanner

HOUR_NS = 3600 * 10**9


class Clock:
    """
    A wall clock in the future, so that nothing is racy.

    A scan asks it for the rules and then before it hashes a file: the moment for accidents.
    """

    def __init__(self) -> None:
        self.now_ns = time.time_ns() + HOUR_NS
        self.before_hashing: Callable[[], None] = lambda: None
        self.asked = 0

    def __call__(self) -> int:
        self.asked += 1
        if self.asked > 1:
            self.before_hashing()
        return self.now_ns


class Looker:
    """A scanner with what the tests ask again and again."""

    def __init__(self, folder: StudyFolder, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self.scanner = self.make()

    def make(
        self,
        ignore: tuple[str, ...] = (),
        publish: tuple[str, ...] = (),
        own: tuple[Path, ...] = (),
    ) -> Scanner:
        self.scanner = Scanner(self._folder, ignore, publish, map(str, own), self._clock)
        return self.scanner

    def look(self, *scope: str, known: dict[RelPath, Row] | None = None) -> Snapshot:
        result = self.result(*scope, known=known)
        assert isinstance(result, Snapshot), result
        return result

    def result(self, *scope: str, known: dict[RelPath, Row] | None = None) -> Snapshot | RootGone:
        paths = frozenset(RelPath(path) for path in scope or ("",))
        self._clock.asked = 0
        return self.scanner.scan(Scan(paths, known or {}))

    def kinds(self, *scope: str) -> dict[str, Kind]:
        return {path: entry.kind for path, entry in self.look(*scope).entries.items()}

    def at(self, path: str, *scope: str) -> Entry:
        entry = self.look(*scope).at(RelPath(path))
        assert entry is not None
        return entry


def fill(top: Path, **files: bytes) -> None:
    """Files by name, `__` standing for a slash."""
    for name, data in files.items():
        path = top / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def row(top: Path, name: str, content: Content, hashed_at_ns: int) -> dict[RelPath, Row]:
    path = RelPath(name)
    return {path: Row(path, content, stat_of(os.lstat(top / name)), hashed_at_ns)}


OTHER = Content(5, "0" * 64, 1)
"""A content that no hashing gives: where it comes back, nothing was hashed."""
