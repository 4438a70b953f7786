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
        with tempfile.NamedTemporaryFile(dir=self._directory, prefix=_HALF, delete=False) as file:
            try:
                for chunk in passing:
                    file.write(chunk)
                    if file.tell() > self._max_bytes:
                        raise TrashFull(self._max_bytes)
                file.flush()
                os.fsync(file.fileno())
                self._put(file.name, passing.content)
            except BaseException:
                os.unlink(file.name)
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

        And of what a crash has left half written, which nobody can ask for.
        """
        for sha256, _ in list(self._kept()):
            self._unlink(sha256, self._clock() - max_age_s)
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
        _sync_directory(os.path.dirname(place))

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
    finally:
        os.close(descriptor)
