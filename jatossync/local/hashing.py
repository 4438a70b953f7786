"""One reading of a file: what identifies its bytes, and whether they may leave (law 12)."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable
from typing import NamedTuple

from jatossync.core.model import Content, Row, Stat
from jatossync.core.secrets import TokenFinder, is_private_key
from jatossync.local.files import Changed, OpenFile, why_not

CHUNK_BYTES = 1024 * 1024

RACY_NS = 2_000_000_000
"""A file written this shortly before it was hashed may have been written once more without its
times moving: git's "racy" entries, with room for FAT's two seconds."""


class Reading(NamedTuple):
    """What was found in a file."""

    content: Content
    is_key: bool
    """It begins as a private key does."""
    has_token: bool
    """A well-formed JATOS token is in it."""


def read_through(file: OpenFile, stop: Callable[[], bool]) -> Reading:
    """
    Hash a file and look for secrets, in one go.

    Args:
        stop: Asked before each chunk whether to give up.

    Raises:
        Changed: It was written meanwhile, could not be read, or `stop` said so.
    """
    sha256 = hashlib.sha256()
    adler32 = 1
    finder = TokenFinder()
    has_token = is_key = False
    left = file.size
    while left:
        if stop():
            raise Changed("reading it was stopped")
        chunk = _read(file, min(CHUNK_BYTES, left))
        if left == file.size:
            is_key = is_private_key(chunk)
        sha256.update(chunk)
        adler32 = zlib.adler32(chunk, adler32)
        has_token = finder.feed(chunk)
        left -= len(chunk)
    if not file.is_as_opened():
        raise Changed("it is being written")
    return Reading(Content(file.size, sha256.hexdigest(), adler32), is_key, has_token)


def still_holds(row: Row, stat: Stat) -> bool:
    """
    Whether a file that looks like this surely has the bytes of the row.

    A time of writing in the future was set by hand (an archive, another clock) and says nothing.
    """
    set_by_hand = stat.mtime_ns > row.hashed_at_ns >= stat.ctime_ns
    written_ns = stat.ctime_ns if set_by_hand else max(stat.mtime_ns, stat.ctime_ns)
    return row.stat == stat and row.hashed_at_ns - written_ns >= RACY_NS


def _read(file: OpenFile, count: int) -> bytes:
    try:
        chunk = file.read(count)
    except OSError as exc:
        raise Changed(why_not(exc)) from exc
    if not chunk:
        raise Changed("it is being written")
    return chunk
