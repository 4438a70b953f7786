"""
Names that differ only in case or Unicode form.

A JATOS on Windows or macOS may take them for one: deleting the one is then deleting the other.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import closing

from jatossync.core.paths import ROOT, RelPath, fold, join
from jatossync.local.directory import lstat_or_none
from jatossync.local.root import Blocked, StudyFolder


def twins_of(folder: StudyFolder, path: RelPath) -> Iterator[RelPath]:
    """
    The files of the folder that `path` could be taken for, itself left out.

    Raises:
        OSError, Blocked: A directory on the way cannot be looked into.
    """
    for found in _folding(folder, ROOT, path.split("/")):
        if found != path and _is_file(folder, found):
            yield found


def _folding(folder: StudyFolder, top: RelPath, names: list[str]) -> Iterator[RelPath]:
    """All paths below `top` that fold to the same as `names`."""
    name, *rest = names
    try:
        with closing(folder.directory(top)) as directory:
            alike = [found for found in directory.names() if fold(found) == fold(name)]
    except Blocked as block:
        if block.missing or block.found is not None:
            return  # nothing there, or no directory
        raise
    for found in alike:
        if rest:
            yield from _folding(folder, join(top, found), rest)
        else:
            yield join(top, found)


def _is_file(folder: StudyFolder, path: RelPath) -> bool:
    parent, _, name = path.rpartition("/")
    with closing(folder.directory(RelPath(parent))) as directory:
        found = lstat_or_none(directory, name)
    return found is not None and stat.S_ISREG(found.st_mode)
