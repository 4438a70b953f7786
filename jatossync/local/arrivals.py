"""
Files that come into the study folder: brought back from the trash, or downloaded from JATOS.

They arrive whole, by a rename, and never outside the folder or through a symlink. What stands in
their place is replaced only if it is what the caller has seen, and kept.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Iterable
from contextlib import closing, suppress

from jatossync.core.model import Stat
from jatossync.core.paths import RelPath, parents, unfit_for_windows
from jatossync.local.directory import (
    Directory,
    is_plain_directory,
    lstat_or_none,
    special_kind,
    stat_of,
)
from jatossync.local.files import why_not
from jatossync.local.lock import lock
from jatossync.local.root import Blocked, StudyFolder

_PART = re.compile(r"\.jatossync-[0-9a-f]{16}\.part")
"""How a file is called while it is being written."""


class NotPut(Exception):  # noqa: N818  (named for what happened)
    """A file could not be put there; nothing was changed. The text says why."""


def standing(folder: StudyFolder, path: RelPath) -> Stat | None:
    """
    The plain file that stands at `path`; None where nothing does.

    Raises:
        NotPut: Something else stands there or in the way, or it cannot be looked at.
    """
    parent, name = _split(path)
    try:
        with closing(folder.directory(parent)) as directory:
            return _standing(directory, name)
    except Blocked as block:
        if block.missing:
            return None
        raise NotPut(f"{block.at or 'the folder'} is in the way: {block.reason}") from block
    except OSError as exc:
        raise NotPut(why_not(exc)) from exc


def put(
    folder: StudyFolder, path: RelPath, chunks: Iterable[bytes], instead_of: Stat | None
) -> Stat:
    """
    Write a file at `path`, with the directories above it; on disk when this returns.

    Args:
        chunks: Its bytes. Whatever they raise, nothing is put; an OSError of theirs is `NotPut`.
        instead_of: What `standing` said.

    Raises:
        NotPut: See there; also where something else stands at `path` by now.
    """
    if why := folder.trouble() or (unfit_for_windows(path) if os.name == "nt" else None):
        raise NotPut(why)
    parent, name = _split(path)
    try:
        _make_directories(folder, parent)
        with closing(folder.directory(parent)) as directory:
            return _put_in(directory, name, chunks, instead_of)
    except Blocked as block:
        raise NotPut(f"{block.at or 'the folder'} is in the way: {block.reason}") from block


def take_away(folder: StudyFolder, path: RelPath, seen: Stat) -> None:
    """
    Remove the file at `path`, if it still is the one that was `seen`.

    Raises:
        NotPut: It is another one by now, or cannot be removed.
    """
    parent, name = _split(path)
    try:
        with closing(folder.directory(parent)) as directory:
            if _standing(directory, name) != seen:
                raise NotPut("it changed meanwhile")
            directory.unlink(name)
    except Blocked as block:
        raise NotPut(f"{block.at or 'the folder'}: {block.reason}") from block
    except OSError as exc:
        raise NotPut(why_not(exc)) from exc


def sweep(folder: StudyFolder, paths: Iterable[RelPath]) -> None:
    """
    Remove what a `put` of these paths, or of others beside them, left behind when it was killed.

    One that is still at work holds its file locked. What cannot be told, or removed, stays.
    """
    for parent in {_split(path)[0] for path in paths}:
        with suppress(Blocked, OSError), closing(folder.directory(parent)) as directory:
            for name in filter(_PART.fullmatch, directory.names()):
                with suppress(OSError):
                    _remove_unused(directory, name)


def _remove_unused(directory: Directory, name: str) -> None:
    if stat.S_ISREG(directory.lstat(name).st_mode):
        descriptor = directory.open_file(name)
        try:
            unused = lock(descriptor)
        finally:
            os.close(descriptor)
        if unused:
            directory.unlink(name)


def _put_in(
    directory: Directory, name: str, chunks: Iterable[bytes], instead_of: Stat | None
) -> Stat:
    written = f".jatossync-{secrets.token_hex(8)}.part"
    try:
        _write(directory.create_file(written), chunks)
        if _standing(directory, name) != instead_of:
            raise NotPut("something else came there meanwhile")
        directory.rename(written, name)
        directory.sync()
        return stat_of(directory.lstat(name))
    except OSError as exc:
        raise NotPut(why_not(exc)) from exc
    finally:
        with suppress(OSError):
            directory.unlink(written)  # where it did not get its name


def _write(descriptor: int, chunks: Iterable[bytes]) -> None:
    with open(descriptor, "wb") as file:
        with suppress(OSError):
            lock(descriptor)  # for `sweep`
        for chunk in chunks:
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())


def _standing(directory: Directory, name: str) -> Stat | None:
    found = lstat_or_none(directory, name)
    if found is None:
        return None
    if not stat.S_ISREG(found.st_mode):
        what = "a directory" if is_plain_directory(found) else special_kind(found)
        raise NotPut(f"{what} stands there")
    return stat_of(found)


def _make_directories(folder: StudyFolder, path: RelPath) -> None:
    for top in reversed([path, *parents(path)][:-1] if path else []):
        above, name = _split(top)
        with closing(folder.directory(above)) as directory:
            try:
                directory.make(name)
                directory.sync()
            except OSError as exc:
                raise NotPut(f"{top}: {why_not(exc)}") from exc


def _split(path: RelPath) -> tuple[RelPath, str]:
    parent, _, name = path.rpartition("/")
    return RelPath(parent), name
