"""What a look at one path says, and whether that may be replaced (laws 3 and 4)."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable

from jatossync.core.model import SMALL_BYTES, Content, Seen
from jatossync.remote.wire import Download

ABSENT = Seen(size=None, looked=True)


def seen_of(content: Content) -> Seen:
    """A path whose bytes were read."""
    return Seen(content.size, content.adler32, content.sha256, looked=True)


def read(download: Download) -> Seen:
    """Read a small file and identify it; of one larger than 256 KiB only the size is taken."""
    if download.size is not None and download.size > SMALL_BYTES:
        return Seen(download.size, looked=True)
    return read_whole(download)


def read_whole(download: Download) -> Seen:
    """Read a file of any size and identify it."""
    digest, adler, size = hashlib.sha256(), 1, 0
    for piece in download.pieces:
        digest.update(piece)
        adler = zlib.adler32(piece, adler)
        size += len(piece)
    return seen_of(Content(size, digest.hexdigest(), adler))


def any_small(contents: Iterable[Content]) -> bool:
    """Whether bytes that a look would read are among these."""
    return any(content.size <= SMALL_BYTES for content in contents)


def replaceable(seen: Seen, ours: Iterable[Content]) -> bool:
    """Whether nothing lies there, or only what may be replaced."""
    return seen.size is None or any(_may_be(seen, content) for content in ours)


def _may_be(seen: Seen, content: Content) -> bool:
    """By digest where it is known; of large files only the size (and checksum) is."""
    if seen.sha256 is not None:
        return seen.sha256 == content.sha256
    return seen.size == content.size and seen.adler32 in (None, content.adler32)
