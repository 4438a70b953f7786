"""
Both sides as files on disk, compared byte for byte.

What takes part is asked of jatossync's own rules; whether it is equal is found out here, by other
means than the daemon's.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from jatossync.core.jobs import RootGone, Scan
from jatossync.core.model import Entry, Kind
from jatossync.core.paths import ROOT, Dialect, RelPath, unholdable
from jatossync.errors import JatossyncError
from jatossync.local.root import StudyFolder
from jatossync.local.scan import Scanner


class Fingerprint(NamedTuple):
    """What a file's bytes are known by."""

    size: int
    sha256: str


def fingerprint(file: Path) -> Fingerprint | None:
    """Of the file's bytes now; None where no file can be read."""
    try:
        with file.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
            return Fingerprint(os.fstat(opened.fileno()).st_size, digest)
    except OSError:
        return None


def local_entries(folder: Path, scope: Iterable[RelPath] = (ROOT,)) -> Mapping[RelPath, Entry]:
    """
    What jatossync's rules say of everything in the scope.

    Raises:
        JatossyncError: The folder cannot be used as a study.
    """
    with StudyFolder.open(os.fspath(folder)) as opened:
        seen = Scanner(opened, (), (), ()).scan(Scan(frozenset(scope), {}))
    if isinstance(seen, RootGone):
        raise JatossyncError(seen.reason)
    return seen.entries


@dataclass(frozen=True)
class Comparison:
    """How both sides compare as a whole."""

    files: int
    bytes: int
    """Of the local files that take part."""
    differences: tuple[str, ...]
    """A line for each file that is not equal."""


class Sides:
    """
    The study's folder here, and the one in which the emulator keeps its assets.

    Args:
        target: The beginning of a request's target, up to and including `…/assets/`: it limits the
            names that JATOS can hold.
    """

    def __init__(self, local: Path, remote: Path, target: str) -> None:
        self._local = local
        self._remote = remote
        self._prefix_bytes = len(target)

    def wanted(self, scope: Iterable[RelPath] = (ROOT,)) -> dict[RelPath, Fingerprint]:
        """What JATOS should have of this scope."""
        found = local_entries(self._local, scope)
        prints = {
            path: fingerprint(self._local / path)
            for path in found
            if self._takes_part(path, found[path])
        }
        return {path: mine for path, mine in prints.items() if mine}

    def _takes_part(self, path: RelPath, entry: Entry) -> bool:
        return entry.kind is Kind.FILE and not self.why_not(path, entry)

    def why_not(self, path: RelPath, entry: Entry) -> str | None:
        """Why a file is not mirrored; None where it is, or is merely ignored."""
        match entry.kind:
            case Kind.FILE:
                return unholdable(path, Dialect.ENVELOPE, self._prefix_bytes)
            case Kind.EMPTY:
                return "it is empty, and JATOS stores no empty files"
            case Kind.DIRECTORY:
                return None
            case Kind.EXCLUDED:
                return entry.reason if entry.quarantined else None
            case Kind.SPECIAL | Kind.UNKNOWN:
                return entry.reason

    def there(self, path: RelPath, wanted: Fingerprint | None) -> bool:
        """Whether JATOS has exactly these bytes at `path`; for None, whether it has nothing."""
        try:
            size = (self._remote / path).stat().st_size
        except OSError:
            return wanted is None
        if wanted is None or size != wanted.size:
            return False
        return fingerprint(self._remote / path) == wanted

    def compare(self) -> Comparison:
        """Look at every file on both sides."""
        mine = self.wanted()
        theirs = {path: fingerprint(self._remote / path) for path in self._remote_files()}
        differences = [
            f"{path}: {_difference(mine.get(path), theirs.get(path))}"
            for path in sorted(mine.keys() | theirs.keys())
            if mine.get(path) != theirs.get(path)
        ]
        size = sum(each.size for each in mine.values())
        return Comparison(len(mine), size, tuple(differences))

    def _remote_files(self) -> Iterator[RelPath]:
        for file in self._remote.rglob("*"):
            if file.is_file():
                yield RelPath(file.relative_to(self._remote).as_posix())


def _difference(mine: Fingerprint | None, theirs: Fingerprint | None) -> str:
    if theirs is None:
        return "only in the folder"
    return "other bytes on JATOS" if mine else "only on JATOS"
