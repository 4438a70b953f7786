"""One plain file, open for reading, and every way in which it can turn out to be another one."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from types import TracebackType

from jatossync.core.model import Stat
from jatossync.local.directory import Directory, stat_of


class Changed(Exception):  # noqa: N818  (named for the state of the world)
    """The file is no longer the one that was meant."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OpenFile:
    """A plain file, open for reading, that can tell whether it is still the one that was meant."""

    def __init__(
        self, descriptor: int, stat: Stat, named: Callable[[], Stat | None] | None
    ) -> None:
        """Use `StudyFolder.open_file` or `open_in`."""
        self._descriptor = descriptor
        self.stat = stat
        """As it was looked at before it was opened."""
        self._named = named

    @property
    def size(self) -> int:
        """Bytes."""
        return self.stat.size

    def read(self, count: int) -> bytes:
        """At most `count` bytes; empty at the end."""
        return os.read(self._descriptor, count)

    def rewind(self) -> None:
        """Read from the beginning again."""
        os.lseek(self._descriptor, 0, os.SEEK_SET)

    def is_as_opened(self) -> bool:
        """Whether the open file is a plain one and was not written since it was looked at."""
        try:
            found = os.fstat(self._descriptor)
        except OSError:  # a network file system that lost it
            return False
        return stat.S_ISREG(found.st_mode) and stat_of(found) == self.stat

    def unchanged(self) -> bool:
        """Whether it was not written, and its path still names this very file (law 6)."""
        return self.is_as_opened() and (self._named is None or self._named() == self.stat)

    def close(self) -> None:
        """Close it."""
        os.close(self._descriptor)

    def __enter__(self) -> OpenFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_in(
    directory: Directory, name: str, expected: Stat, named: Callable[[], Stat | None] | None = None
) -> OpenFile:
    """
    Open a file of an open directory; `StudyFolder.open_file` says the rest.

    Args:
        named: Tells what stands at the file's path now; None where that is of no interest.

    Raises:
        Changed: It is gone, no plain file, not readable, or not as `expected`.
    """
    try:
        if not stat.S_ISREG(directory.lstat(name).st_mode):
            raise Changed("it is no file any more")
        descriptor = directory.open_file(name)
    except OSError as exc:
        raise Changed(why_not(exc)) from exc
    file = OpenFile(descriptor, expected, named)
    if not file.is_as_opened():
        file.close()
        raise Changed("it is being written")
    return file


def why_not(error: OSError) -> str:
    """The system's reason, as it says it."""
    return (error.strerror or str(error)).lower()
