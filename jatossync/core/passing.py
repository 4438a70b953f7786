"""A stream of bytes that is hashed as it is read."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator

from jatossync.core.model import Content


class Passing:
    """Gives the chunks on, once, and tells what they were."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self._sha256, self._adler32, self._size = hashlib.sha256(), 1, 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._sha256.update(chunk)
            self._adler32 = zlib.adler32(chunk, self._adler32)
            self._size += len(chunk)
            yield chunk

    @property
    def content(self) -> Content:
        """What has passed."""
        return Content(self._size, self._sha256.hexdigest(), self._adler32)
