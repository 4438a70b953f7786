"""
Bytes that were about to be destroyed, kept first (law 4).

Content-addressed: a file `ab/abcd…` per SHA-256. The index (which path, when, why) is the store's.
Only age evicts; what does not fit is not kept, and then nothing may be destroyed.
"""

from __future__ import annotations

import errno
import glob
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from jatossync.core.model import Content
from jatossync.core.passing import Passing
from jatossync.state.sharing import allow, make_directory

CHUNK_BYTES = 1024 * 1024

JUST_KEPT_S = 60.0
"""Bytes this young may have a line in the index that is not written yet."""

ABANDONED_S = 3600.0
"""Bytes that are still arriving are written to all the time."""

SURE_S = 86400.0
"""So long after it was first found too old something goes: a clock may be wrong for a while."""

_HALF = ".tmp"
"""How the names of files begin that are being written."""


class TrashFull(OSError):  # noqa: N818  (named for the state of the world)
    """`trash.max_size` is reached."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(
            errno.ENOSPC,
            f"trash full (trash.max_size is {max_bytes / 1e6:.0f} MB); "
            "`jatossync trash empty` makes room",
        )


class Trash:
    """
    The kept bytes below one directory. Safe for several threads.

    Args:
        max_bytes: What all kept bytes together may have.
        clock: The wall clock, in seconds.
    """

    def __init__(
        self, directory: str, max_bytes: int, clock: Callable[[], float] = time.time
    ) -> None:
        self._directory = directory
        self._max_bytes = max_bytes
        self._clock = clock
        self._one_at_a_time = threading.Lock()
        self._used: int | None = None

    def keep(self, chunks: Iterable[bytes]) -> Content:
        """
        Store the bytes; they are on disk when this returns.

        Raises:
            TrashFull: There is no room for them.
            OSError: They could not be stored; then, too, nothing may be destroyed.
        """
        make_directory(self._directory)
        passing = Passing(chunks)
        descriptor, written = tempfile.mkstemp(dir=self._directory, prefix=_HALF)
        try:
            with os.fdopen(descriptor, "wb") as file:
                for chunk in passing:
                    file.write(chunk)
                    if file.tell() > self._max_bytes:
                        raise TrashFull(self._max_bytes)
                file.flush()
                os.fsync(file.fileno())
            self._put(written, passing.content)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(written)
            raise
        return passing.content

    def read(self, sha256: str) -> Iterator[bytes]:
        """
        The kept bytes, piece by piece.

        Raises:
            FileNotFoundError: They are no longer kept.
        """
        with open(self._place(sha256), "rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def has(self, sha256: str) -> bool:
        """Whether bytes with this digest are kept."""
        return os.path.exists(self._place(sha256))

    def evict(self, max_age_s: float) -> None:
        """
        Let go of what was kept longer ago than `max_age_s`, the last time it was.

        What is found too old goes a day later, if it still is: that is noted as its time of access.
        And of what a crash has left half written, which nobody can ask for.
        """
        for sha256, _ in list(self._kept()):
            self._let_go(sha256, max_age_s)
        for path in glob.glob(os.path.join(glob.escape(self._directory), f"{_HALF}*")):
            with suppress(FileNotFoundError):
                if os.stat(path).st_mtime < self._clock() - ABANDONED_S:
                    os.unlink(path)

    def drop(self, digests: Iterable[str]) -> None:
        """Let go of these bytes, but of those that have been kept only a moment ago."""
        for sha256 in digests:
            self._unlink(sha256, self._clock() - JUST_KEPT_S)

    def used_bytes(self) -> int:
        """What all kept bytes have together."""
        return sum(found.st_size for _, found in self._kept())

    def _put(self, written: str, content: Content) -> None:
        """Give the bytes their place, if there is room. The same bytes are kept once."""
        place = self._place(content.sha256)
        with self._one_at_a_time:
            new = not os.path.exists(place)
            if new and not self._has_room(content.size):
                raise TrashFull(self._max_bytes)
            make_directory(os.path.dirname(place))
            allow(written)
            os.utime(written, (self._clock(), self._clock()))  # its age counts from now
            os.replace(written, place)
            self._used = (self._used or 0) + (content.size if new else 0)
        for directory in (os.path.dirname(place), self._directory):  # the shelf may be new
            _sync_directory(directory)

    def _has_room(self, size: int) -> bool:
        """Counted anew before anybody is turned away: others may have made room."""
        if self._used is None or self._used + size > self._max_bytes:
            self._used = self.used_bytes()
        return self._used + size <= self._max_bytes

    def _kept(self) -> Iterator[tuple[str, os.stat_result]]:
        try:
            shelves = [each.path for each in os.scandir(self._directory) if len(each.name) == 2]
        except FileNotFoundError:
            return
        for shelf in shelves:
            for each in os.scandir(shelf):
                try:
                    yield each.name, each.stat()
                except FileNotFoundError:
                    continue

    def _let_go(self, sha256: str, max_age_s: float) -> None:
        place, now_s = self._place(sha256), self._clock()
        with self._one_at_a_time, suppress(FileNotFoundError):
            found = os.stat(place)
            too_old_s = found.st_mtime + max_age_s
            noted = too_old_s <= found.st_atime
            if now_s < too_old_s:
                if noted:  # by a clock that ran ahead
                    os.utime(place, (found.st_mtime, found.st_mtime))
            elif not noted or found.st_atime > now_s:
                os.utime(place, (now_s, found.st_mtime))
            elif found.st_atime < now_s - SURE_S:
                os.unlink(place)
                self._used = None

    def _unlink(self, sha256: str, before_s: float) -> None:
        """Remove bytes that were last kept before that time."""
        place = self._place(sha256)
        with self._one_at_a_time, suppress(FileNotFoundError):
            if os.stat(place).st_mtime < before_s:
                os.unlink(place)
                self._used = None

    def _place(self, sha256: str) -> str:
        return os.path.join(self._directory, sha256[:2], sha256)


def _sync_directory(directory: str) -> None:
    """Make the new name itself durable, where the platform can."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as exc:
        if exc.errno not in (errno.EINVAL, errno.ENOTSUP):  # a file system that cannot
            raise
    finally:
        os.close(descriptor)
