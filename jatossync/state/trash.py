"""
Remote bytes that are not ours, kept before they are overwritten or deleted (law 4).

Content-addressed: a file `ab/abcd…` per SHA-256. The index (which path, when, why) is the store's.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zlib
from collections.abc import Iterator

from jatossync.core.model import Content


class Trash:
    """The kept bytes below one directory. Safe for several threads."""

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def keep(self, chunks: Iterator[bytes]) -> Content:
        """
        Store the bytes; they are on disk when this returns.

        Raises:
            OSError: They could not be stored; then nothing may be destroyed.
        """
        os.makedirs(self._directory, mode=0o700, exist_ok=True)
        sha256, adler32, size = hashlib.sha256(), 1, 0
        with tempfile.NamedTemporaryFile(dir=self._directory, prefix=".", delete=False) as file:
            try:
                for chunk in chunks:
                    file.write(chunk)
                    sha256.update(chunk)
                    adler32 = zlib.adler32(chunk, adler32)
                    size += len(chunk)
                file.flush()
                os.fsync(file.fileno())
                place = self._place(sha256.hexdigest())
                os.makedirs(os.path.dirname(place), mode=0o700, exist_ok=True)
                os.replace(file.name, place)
            except BaseException:
                os.unlink(file.name)
                raise
        self._sync_directory(os.path.dirname(place))
        return Content(size, sha256.hexdigest(), adler32)

    def _place(self, sha256: str) -> str:
        return os.path.join(self._directory, sha256[:2], sha256)

    @staticmethod
    def _sync_directory(directory: str) -> None:
        """Make the new name itself durable, where the platform can."""
        if not hasattr(os, "O_DIRECTORY"):
            return
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
