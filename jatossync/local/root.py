"""
The study folder: what it is, whether it still is that, and the only way into it (laws 1 to 3).

Every component below is opened on its own and never through a symlink, so nothing outside the
folder is ever read, and nothing is called absent that merely could not be looked at.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterable
from contextlib import closing, suppress
from dataclasses import replace
from enum import Enum
from types import TracebackType
from typing import NamedTuple

from jatossync.core.model import Row, Seen, Stat
from jatossync.core.paths import ROOT, BadPath, RelPath, below, join, rel_path
from jatossync.errors import ConfigError, JatossyncError, Pinned
from jatossync.local.cloud import placeholder_of
from jatossync.local.directory import (
    DescriptorDirectory,
    Directory,
    is_plain_directory,
    lstat_or_none,
    open_top,
    special_kind,
    stat_of,
)
from jatossync.local.files import Changed, OpenFile, open_in, why_not
from jatossync.local.identity import REBIND, Identity, differing, disk, disks
from jatossync.local.lock import FolderLock
from jatossync.local.mounts import Mount, focused, is_deaf, mount_of, mount_table, mounts_below

__all__ = ["Blocked", "Changed", "OpenFile", "Presence", "Sighting", "StudyFolder"]


DELETED = "//deleted"
"""How the table of mounts ends the root of a mount that was deleted at its source."""


class Presence(Enum):
    """Whether a path is a file at this moment: the guard before a delete (law 2)."""

    PRESENT = "present"
    ABSENT = "absent"
    """Surely no file: nothing there, or a directory."""
    UNKNOWN = "unknown"


class Sighting(NamedTuple):
    """A presence and, for people, why."""

    presence: Presence
    reason: str


class Blocked(Exception):  # noqa: N818
    """There is no way to a directory: `at` is where it ends."""

    def __init__(self, at: RelPath, found: os.stat_result | None, error: OSError | None) -> None:
        super().__init__(at)
        self.at = at
        self.found = found
        """What stands there instead of a plain directory; None where that is not known."""
        self.missing = at != ROOT and isinstance(error, FileNotFoundError)
        """Nothing stands there. Never true of the folder itself: that is trouble."""
        self.reason = why_not(error) if error else special_kind(found) if found else ""


class StudyFolder:
    """The folder that is mirrored, held open."""

    def __init__(self, given: str, path: str, top: Directory) -> None:
        """Use `open`."""
        self.path = path
        """Its real path when it was opened."""
        self._given = given
        self._top = top
        self._former: Directory | None = None
        self._lock: FolderLock | None = None
        self._proven = True
        """Whether it was recognised by all that it is known by."""
        self._identity = _identity(top.lstat("."))
        table = mount_table()
        self._mount = mount_of(path, table)
        mounts = mounts_below(path, table)
        self.identity = Identity.of(self._focused(self._mount), mounts, self._identity[1])
        """Which directory it is, for the next start."""
        deaf = (mount for mount in (self._mount, *mounts.values()) if mount and is_deaf(mount))
        self.deaf = next((f"{mount.point} ({mount.kind})" for mount in deaf), None)
        """Which disk at or below the folder others can change unheard, for people."""

    @classmethod
    def open(cls, path: str) -> StudyFolder:
        """
        Hold the folder at `path`, which may be a symlink to it.

        Raises:
            ConfigError: It is missing, no folder, not readable, or more than a study could be.
            Pinned: A bind mount shows a folder that was deleted at its source.
        """
        real = os.path.realpath(path)
        if _is_too_much(real):
            raise ConfigError(
                f"the folder {real} is a home directory or a whole disk, not a study",
                "Give the folder that holds the files of this one study.",
            )
        try:
            if not os.path.isdir(real) and os.path.lexists(real):
                raise ConfigError(f"{path} is not a folder", "Give the study's folder.")
            folder = cls._held(path, real)
        except FileNotFoundError as exc:
            raise ConfigError(
                f"the folder {path} does not exist",
                "Is its name right (`folder:` in the configuration)? A disk that holds it must be "
                "connected.",
            ) from exc
        except OSError as exc:
            raise ConfigError(
                f"the folder {path} cannot be read: {why_not(exc)}",
                "Give the user who runs jatossync the right to read it.",
            ) from exc
        if folder._mount and folder._mount.root.endswith(DELETED):
            folder.close()
            raise pinned(real)
        if trouble := folder.trouble():
            folder.close()
            raise ConfigError(trouble, "Give the user who runs jatossync the right to read it.")
        return folder

    @classmethod
    def _held(cls, given: str, path: str) -> StudyFolder:
        top = open_top(path)
        try:
            return cls(given, path, top)
        except OSError:
            top.close()
            raise

    def close(self) -> None:
        """Let go of the folder and its lock."""
        if self._lock:
            self._lock.release()
        _close(self._former)
        self._top.close()

    def __enter__(self) -> StudyFolder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def lock(self) -> None:
        """
        Keep every other jatossync away from this folder until it is closed.

        Raises:
            AlreadyRunning: One is there already.
        """
        self._lock = FolderLock(self.path, _descriptor(self._top))

    # --- is it still what it was? ------------------------------------------------------------

    def recognise(self, known: Identity, matters: Callable[[RelPath], bool]) -> None:
        """
        Go on from what was known of the folder when it was last mirrored.

        Args:
            matters: Whether anything below a path was mirrored: where a disk came or went there,
                nothing is known of it until all is as it was.

        Raises:
            ConfigError: It is another folder.
        """
        now = self.identity
        now.expect(self.path, known)
        self._proven = now.disk == known.disk
        below = dict(now.below)
        for name in differing(now.below, known.below):
            path = _rel_path_or_none(name)
            if path and matters(path):
                below.pop(name, None)
                below |= {name: known.below[name]} if name in known.below else {}
        self.identity = replace(now, below=below)

    def is_pinned(self) -> bool:
        """
        Whether a bind mount goes on to show this folder, which was replaced at its source.

        Only a new mount can reach the one that took its place.
        """
        try:
            now = mount_of(self.path, mount_table())
            same = _identity(os.lstat(self.path)) == self._identity
        except OSError:
            return False
        before = self._mount
        if now is None or before is None or now.root == before.root:
            return False
        return same and now == before._replace(root=now.root)

    def _focused(self, mount: Mount | None) -> Mount | None:
        return mount and focused(mount, self.path)

    def trouble(self) -> str | None:
        """
        Why nothing may be concluded from the folder now, or None while it is what was opened.

        It heals by itself: once the same directory is back in its place, there is no trouble. The
        descriptor that is held keeps its inode from being given to another one meanwhile.
        """
        try:
            mount = mount_of(self.path, mount_table())
            focus = self._focused(mount)
            if mount != self._mount and not (focus and disk(focus) == self.identity.disk):
                return (
                    f"the disk of the study folder {self.path} was unmounted, "
                    "or another took its place"
                )
            found = os.lstat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return f"the study folder {self.path} {self._whereabouts()}"
        except OSError as exc:
            return f"the study folder {self.path} cannot be reached: {why_not(exc)}"
        if _identity(found) != self._identity:
            return self._replaced(found, focus)
        if (leads_to := os.path.realpath(self._given)) != self.path:
            return (
                f"the study folder {self._given} leads to {leads_to} now and not to {self.path}, "
                f"so nothing is concluded from it. {REBIND}"
            )
        effective = os.access in os.supports_effective_ids
        if not os.access(self.path, os.R_OK | os.X_OK, effective_ids=effective):
            return f"the study folder {self.path} may no longer be read: its permissions changed"
        return None

    def _replaced(self, found: os.stat_result, focus: Mount | None) -> str:
        """What to say of another directory at our path."""
        # While the old one is held open no other disk gets its number: under the same number it is
        # another directory, whatever its file system says of inodes.
        known, now = replace(self.identity, below={}), Identity.of(focus, {}, found.st_ino)
        if found.st_dev != self._identity[0] and now == known:
            return (
                f"the disk of the study folder {self.path} was mounted anew; it is followed "
                "once most files are there as they were, or when jatossync is started again"
            )
        return (
            f"the study folder {self.path} was replaced by something else, so nothing is "
            f"concluded from it. {REBIND}"
        )

    def follow(self, known: Callable[[], Iterable[Row]]) -> bool:
        """
        Go over to the same folder on a disk that was mounted anew, as a restart would.

        Args:
            known: Files of which most have to be there as they were: the names of its disk and its
                own number are no proof, for an empty disk has the same.

        Returns:
            Whether it was, and is the same folder.

        Raises:
            AlreadyRunning: Another jatossync mirrors it by now.
            ConfigError: It cannot be locked.
        """
        try:
            if os.lstat(self.path).st_dev == self._identity[0]:
                return False
            anew = self._held(self._given, self.path)
        except OSError:
            return False
        try:
            if not self._is_on_a_new_mount(anew) or not anew._has_most_of(list(known())):
                anew.close()
                return False
            if self._lock:
                self._lock.follow(_descriptor(anew._top))
        except JatossyncError:
            anew.close()
            raise
        # The other threads may be on their way through the old one until the next time.
        _close(self._former)
        self._former, self._top, self._identity = self._top, anew._top, anew._identity
        return True

    def is_doubtful(self, known: Callable[[], Iterable[Row]]) -> bool:
        """
        Whether nothing tells it from another folder in its place: its number does not on this kind
        of file system, or its disk has no name to be known by, and most of the files are not as
        they were.
        """
        sure = self._proven and self.identity.inode is not None
        return not sure and not self._has_most_of(list(known()))

    def _is_on_a_new_mount(self, anew: StudyFolder) -> bool:
        same = replace(anew.identity, below={}) == replace(self.identity, below={})
        return same and anew._mount is not None

    def _has_most_of(self, known: Collection[Row]) -> bool:
        found = (self._stat(row.path) for row in known)
        same = [
            stat is not None and (stat.size, stat.mtime_ns) == (row.stat.size, row.stat.mtime_ns)
            for stat, row in zip(found, known, strict=True)
        ]
        return 2 * sum(same) >= len(same)

    def displaced(self) -> frozenset[RelPath]:
        """Directories below where a disk came, went or was replaced since the folder was opened."""
        try:
            now = mounts_below(self.path, mount_table())
        except OSError:
            return frozenset([ROOT])  # any of them may be
        names = differing(disks(now), self.identity.below)
        return frozenset(path for name in names if (path := _rel_path_or_none(name)))

    def _whereabouts(self) -> str:
        held = _descriptor(self._top)
        with suppress(OSError):  # ESTALE: another computer removed it
            if held is not None and not os.fstat(held).st_nlink:
                return "was deleted"
        return "is gone: deleted, moved or renamed"

    # --- the way in ----------------------------------------------------------------------------

    def directory(self, path: RelPath) -> Directory:
        """
        Open a directory, component by component; the caller closes it.

        Raises:
            Blocked: A component is missing, no plain directory, or not readable.
        """
        here: Directory | None = None
        at = ROOT
        try:
            here = self._top.enter(".")
            for name in path.split("/") if path else ():
                at = join(at, name)
                found = here.lstat(name)
                if not is_plain_directory(found):
                    raise Blocked(at, found, None)
                above, here = here, here.enter(name)
                above.close()
        except OSError as exc:
            _close(here)
            raise Blocked(at, None, exc) from exc
        except Blocked:
            _close(here)
            raise
        return here

    def presence(self, path: RelPath) -> Sighting:
        """
        Whether a file stands at `path` right now; to be asked directly before a delete (law 2).

        ABSENT only where an unchanged root, plain and readable directories and the lack of the
        name itself say so.
        """
        seen = self._sighting(path)
        if trouble := self.trouble():
            return Sighting(Presence.UNKNOWN, trouble)
        if any(below(path, top) for top in self.displaced()):
            return Sighting(Presence.UNKNOWN, "the disk above it is not the one that was there")
        return seen

    def open_file(self, path: RelPath, expected: Stat) -> OpenFile:
        """
        Open the file at `path` for reading.

        Raises:
            Changed: It is gone, no plain file, not readable, or not as `expected`.
        """
        parent, _, name = path.rpartition("/")
        try:
            with closing(self.directory(RelPath(parent))) as directory:
                return open_in(directory, name, expected, lambda: self._stat(path))
        except Blocked as block:
            raise Changed(f"{block.at or 'the folder'}: {block.reason}") from block

    def has(self, path: RelPath, seen: Seen) -> bool:
        """Whether the file at `path` has the size and, to the millisecond, the time of `seen`."""
        stat = self._stat(path)
        return stat is not None and (stat.size, stat.mtime_ns // 10**6) == (
            seen.size,
            seen.modified_ms,
        )

    def _stat(self, path: RelPath) -> Stat | None:
        parent, _, name = path.rpartition("/")
        try:
            with closing(self.directory(RelPath(parent))) as directory:
                return stat_of(directory.lstat(name))
        except (Blocked, OSError):
            return None

    def _sighting(self, path: RelPath) -> Sighting:
        parent, _, name = path.rpartition("/")
        try:
            with closing(self.directory(RelPath(parent))) as directory:
                return _standing(directory, name)
        except Blocked as block:
            if block.missing:
                return Sighting(Presence.ABSENT, f"{block.at} is gone")
            if block.found and stat.S_ISREG(block.found.st_mode):
                return Sighting(Presence.ABSENT, f"{block.at} is a file now")
            return Sighting(Presence.UNKNOWN, f"{block.at or 'the folder'}: {block.reason}")


def _standing(directory: Directory, name: str) -> Sighting:
    try:
        found = lstat_or_none(directory, name)
        placeholder = None if found else placeholder_of(directory, name)
    except OSError as exc:
        return Sighting(Presence.UNKNOWN, why_not(exc))
    if placeholder:
        return Sighting(Presence.UNKNOWN, f"it is only in the cloud: {placeholder} stands for it")
    if found is None:
        return Sighting(Presence.ABSENT, "it is gone")
    if stat.S_ISREG(found.st_mode):
        return Sighting(Presence.PRESENT, "it is there")
    if is_plain_directory(found):
        return Sighting(Presence.ABSENT, "a directory has taken its place")
    return Sighting(Presence.UNKNOWN, f"{special_kind(found)} has taken its place")


def pinned(path: str) -> Pinned:
    """The error of a folder that cannot be reached any more without a new mount."""
    return Pinned(
        f"the folder {path} was deleted or replaced where it is mounted from, and this mount still "
        "shows the old one",
        "Mount it anew, or restart the container or service that does.",
    )


def _identity(found: os.stat_result) -> tuple[int, int]:
    return found.st_dev, found.st_ino


def _is_too_much(path: str) -> bool:
    """Whether a folder is the top of a disk, a home directory or has home directories in it."""
    home = os.path.realpath(os.path.expanduser("~"))
    above = os.path.dirname(path)
    return (
        above == path
        or above in ("/home", "/Users")
        or f"{home}{os.sep}".startswith(path.rstrip(os.sep) + os.sep)
    )


def _rel_path_or_none(name: str) -> RelPath | None:
    try:
        return rel_path(os.fsencode(name))
    except BadPath:
        return None


def _descriptor(directory: Directory) -> int | None:
    """By which it is held; None where directories cannot be."""
    return directory.descriptor if isinstance(directory, DescriptorDirectory) else None


def _close(directory: Directory | None) -> None:
    if directory is not None:
        directory.close()
