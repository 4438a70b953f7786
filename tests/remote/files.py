"""Open files as the client gets them, and some that misbehave."""

import hashlib
import io
import zlib
from collections.abc import Callable

from jatossync.core.model import Content


def content_of(data: bytes) -> Content:
    return Content(len(data), hashlib.sha256(data).hexdigest(), zlib.adler32(data))


class MemoryFile:
    """A source in memory; `at` runs once before the byte of that number is read."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.size = len(data)
        self.same = True
        self._at: tuple[int, Callable[[], None]] | None = None
        self._file = io.BytesIO(data)

    def at(self, offset: int, act: Callable[[], None]) -> None:
        self._at = (offset, act)

    def read(self, n: int, /) -> bytes:
        if self._at and self._file.tell() + n > self._at[0]:
            act = self._at[1]
            self._at = None
            act()
        return self._file.read(n)

    def rewind(self) -> None:
        self._file.seek(0)

    def unchanged(self) -> bool:
        return self.same

    def rewrite(self, data: bytes) -> None:
        """Other bytes under the reader's hands, with nothing to notice it by."""
        position = self._file.tell()
        self._file = io.BytesIO(data)
        self._file.seek(position)
