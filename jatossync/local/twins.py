"""
Names that differ only in case or Unicode form.

A JATOS on Windows or macOS may take them for one: deleting the one is then deleting the other.
"""

from __future__ import annotations

import stat
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass

from jatossync.core.model import Stat
from jatossync.core.paths import ROOT, RelPath, fold, join
from jatossync.local.directory import Directory, lstat_or_none, stat_of
from jatossync.local.hashing import RACY_NS
from jatossync.local.root import Blocked, StudyFolder

REMEMBERED_NS = 1_000_000_000
"""For so long what stands in a directory is remembered: for the deletes of one burst."""


@dataclass(frozen=True)
class _Names:
    """What stood in a directory."""

    stat: Stat
    """The directory's own: another one where a name came or went."""
    folded: Mapping[str, list[str]]


class Twins:
    """
    Finds the files that a path could be taken for. May be used by several threads at once.

    Args:
        clock_ns: The wall clock, which the times of directories are compared with.
    """

    def __init__(self, folder: StudyFolder, clock_ns: Callable[[], int] = time.time_ns) -> None:
        self._folder = folder
        self._clock_ns = clock_ns
        self._one_at_a_time = threading.Lock()
        self._known: dict[RelPath, _Names] = {}
        self._known_since_ns = 0

    def of(self, path: RelPath) -> list[RelPath]:
        """
        The files of the folder that `path` could be taken for, itself left out.

        Raises:
            OSError, Blocked: A directory on the way cannot be looked into.
        """
        with self._one_at_a_time:
            if not 0 <= self._clock_ns() - self._known_since_ns < REMEMBERED_NS:
                self._known.clear()
                self._known_since_ns = self._clock_ns()
            return [
                found
                for found in self._folding(ROOT, path.split("/"))
                if found != path and self._is_file(found)
            ]

    def _folding(self, top: RelPath, names: list[str]) -> Iterator[RelPath]:
        """All paths below `top` that fold to the same as `names`."""
        name, *rest = names
        try:
            with closing(self._folder.directory(top)) as directory:
                alike = self._names(top, directory).get(fold(name), [])
        except Blocked as block:
            if block.missing or block.found is not None:
                return  # nothing there, or no directory
            raise
        for found in alike:
            if rest:
                yield from self._folding(join(top, found), rest)
            else:
                yield join(top, found)

    def _names(self, path: RelPath, directory: Directory) -> Mapping[str, list[str]]:
        """The names in a directory by what they fold to."""
        now_ns = self._clock_ns()
        seen = stat_of(directory.lstat("."))
        known = self._known.get(path)
        if known and known.stat == seen:
            return known.folded
        folded: dict[str, list[str]] = {}
        for name in directory.names():
            folded.setdefault(fold(name), []).append(name)
        # A name that comes within a tick of the last one leaves no trace in the directory's times.
        if now_ns - max(seen.mtime_ns, seen.ctime_ns) >= RACY_NS:
            self._known[path] = _Names(seen, folded)
        return folded

    def _is_file(self, path: RelPath) -> bool:
        parent, _, name = path.rpartition("/")
        with closing(self._folder.directory(RelPath(parent))) as directory:
            found = lstat_or_none(directory, name)
        return found is not None and stat.S_ISREG(found.st_mode)
