"""
The body of an upload: exactly one file as multipart/form-data, and never a torn one (law 6).

JATOS stores a file only when the whole announced body has arrived (jatos-api.md, surprise 13). So
the last piece of the file and the closing boundary leave together, and only after the source says
that it did not change and the digest of what was sent is the one that was planned.
Measured basis: research on httpx 0.28 (own framing is faster too, and it can stop, count and hash).
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator
from typing import Protocol

from jatossync.core.model import Content
from jatossync.core.secrets import TokenFinder

CHUNK_BYTES = 256 * 1024

BOUNDARY = secrets.token_hex(16)
"""Random per process: no file can contain it."""

_HEAD = (
    f"--{BOUNDARY}\r\n"
    'Content-Disposition: form-data; name="studyAssetsFile"; filename="f"\r\n'
    "Content-Type: application/octet-stream\r\n\r\n"
).encode("ascii")
_TAIL = f"\r\n--{BOUNDARY}--\r\n".encode("ascii")


class Source(Protocol):
    """An open local file."""

    @property
    def size(self) -> int:
        """Bytes when it was opened."""

    def read(self, n: int, /) -> bytes:
        """Up to `n` bytes; none at the end. Raises OSError."""

    def rewind(self) -> None:
        """Go back to the first byte."""

    def unchanged(self) -> bool:
        """Whether the file is still what was opened, under the path it was opened by."""


class CutOff(Exception):  # noqa: N818  (named for what happened)
    """The body ended early on purpose: nothing of it can be stored. The text says why."""


class SourceChanged(CutOff):
    """The file is no longer the one that was to be sent."""


class Cancelled(CutOff):
    """The caller asked to stop."""


class HoldsToken(CutOff):
    """The bytes contain a JATOS token (law 12)."""


class AssetBody:
    """
    Exactly `len(self)` bytes, or an exception before the last of them.

    Iterating again sends the file from its first byte.

    Args:
        content: What the bytes have to be.
        stop: Asked before every chunk.
        sent: Told after every chunk how many bytes of the file have been handed over.
    """

    content_type = f"multipart/form-data; boundary={BOUNDARY}"

    def __init__(
        self,
        source: Source,
        content: Content,
        stop: Callable[[], bool] = lambda: False,
        sent: Callable[[int], None] = lambda _bytes: None,
    ) -> None:
        self._source = source
        self._content = content
        self._stop = stop
        self._sent = sent
        self.all_sent = False
        """True once the last byte was taken: a success reported before that is none."""

    def __len__(self) -> int:
        return len(_HEAD) + self._content.size + len(_TAIL)

    def __iter__(self) -> Iterator[bytes]:
        """
        The framed file in pieces of about 256 KiB.

        Raises:
            CutOff: Before the closing boundary.
        """
        self.all_sent = False
        framing = _HEAD
        handed_over = 0
        for chunk in self._checked_chunks():
            handed_over += len(chunk)
            if handed_over < self._content.size:
                yield framing + chunk
                framing = b""
            else:
                yield framing + chunk + _TAIL
            self._sent(handed_over)
        self.all_sent = True

    def _checked_chunks(self) -> Iterator[bytes]:
        """The file's bytes; the last chunk only after all that may be said against it."""
        digest = hashlib.sha256()
        finder = TokenFinder()
        left = self._content.size
        self._source.rewind()
        while left:
            if self._stop():
                raise Cancelled("stopped before all of it was sent")
            chunk = self._read(min(CHUNK_BYTES, left))
            digest.update(chunk)
            left -= len(chunk)
            if finder.feed(chunk):
                raise HoldsToken("It contains a JATOS token; uploaded files are public")
            if not self._source.unchanged():
                raise SourceChanged("it changed while it was sent")
            if not left and digest.hexdigest() != self._content.sha256:
                raise SourceChanged("its bytes are not the ones that were to be sent")
            yield chunk

    def _read(self, size: int) -> bytes:
        try:
            chunk = self._source.read(size)
        except OSError as exc:
            raise SourceChanged(f"it cannot be read: {exc.strerror}") from exc
        if not chunk:
            raise SourceChanged("it became shorter while it was sent")
        return chunk
