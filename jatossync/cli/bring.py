"""Bringing bytes into the study folder, with what stands there kept in the trash first."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Iterator

from jatossync.core.model import Content, Seen, Stat
from jatossync.core.paths import RelPath
from jatossync.errors import JatossyncError
from jatossync.local.arrivals import NotPut, put, standing, take_away
from jatossync.local.files import Changed, OpenFile
from jatossync.local.root import StudyFolder
from jatossync.log import escaped
from jatossync.state.store import Store
from jatossync.state.trash import CHUNK_BYTES, Trash


class NotDone(JatossyncError):  # noqa: N818  (named for what happened)
    """One file could not be brought in, or taken away."""


class Bringer:
    """
    Brings files into `folder`.

    Args:
        why: What the trash says of the files whose place they take.
    """

    def __init__(self, folder: StudyFolder, store: Store, trash: Trash, why: str) -> None:
        self._folder = folder
        self._store = store
        self._trash = trash
        self._why = why

    def bring(self, path: RelPath, chunks: Iterable[bytes]) -> Content:
        """
        Write these bytes at `path`; what they were.

        Raises:
            NotDone: It was not possible; nothing was changed.
        """
        try:
            passing = Passing(chunks)
            put(self._folder, path, passing, self._kept(path))
            return passing.content
        except (NotPut, Changed) as exc:
            raise NotDone(f"{escaped(path)} was not written: {exc}") from exc

    def take_away(self, path: RelPath) -> None:
        """
        Remove the file at `path`, if there is one.

        Raises:
            NotDone: It was not possible; nothing was changed.
        """
        try:
            seen = self._kept(path)
            if seen is not None:
                take_away(self._folder, path, seen)
        except (NotPut, Changed) as exc:
            raise NotDone(f"{escaped(path)} was not removed: {exc}") from exc

    def _kept(self, path: RelPath) -> Stat | None:
        """What stands at `path`, once its bytes are in the trash."""
        seen = standing(self._folder, path)
        if seen is None or not seen.size:
            return seen
        try:
            with self._folder.open_file(path, seen) as file:
                content = self._trash.keep(_pieces(file))
        except OSError as exc:
            raise NotPut(f"what stands there cannot be kept: {exc.strerror}") from exc
        self._store.kept(path, content, self._store.binding().get("study", ""), self._why)
        return seen


class Passing:
    """
    Bytes on their way, identified as they pass.

    Args:
        as_listed: What they should be; `NotPut` at their end where they are not.
    """

    def __init__(self, chunks: Iterable[bytes], as_listed: Seen | None = None) -> None:
        self._chunks = chunks
        self._as_listed = as_listed
        self._sha256, self._adler32, self._size = hashlib.sha256(), 1, 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self._sha256.update(chunk)
            self._adler32 = zlib.adler32(chunk, self._adler32)
            self._size += len(chunk)
            yield chunk
        listed = self._as_listed
        if listed is None:
            return
        if self._size != listed.size or listed.adler32 not in (None, self._adler32):
            raise NotPut("it changed on JATOS meanwhile")

    @property
    def content(self) -> Content:
        """What has passed."""
        return Content(self._size, self._sha256.hexdigest(), self._adler32)


def _pieces(file: OpenFile) -> Iterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk
    if not file.is_as_opened():
        raise Changed("it is being written")
