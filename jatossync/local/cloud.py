"""Folders that a cloud service empties to free space, without anything having been deleted."""

from __future__ import annotations

import errno
import os
import re

from jatossync.local.directory import Directory


def placeholder_of(directory: Directory, name: str) -> str | None:
    """
    What stands for `name` where a cloud folder freed its space without deleting it.

    Raises:
        OSError: It could not be looked for.
    """
    for placeholder in (f"{name}.nextcloud", f"{name}.owncloud", f".{name}.icloud"):
        try:
            directory.lstat(placeholder)
        except OSError as exc:
            if exc.errno not in (errno.ENOENT, errno.ENAMETOOLONG):
                raise
        else:
            return placeholder
    return None


_PLACEHOLDER = re.compile(r"(.+)\.(?:nextcloud|owncloud)|\.(.+)\.icloud", re.DOTALL)


def stands_for(name: str) -> str | None:
    """The name of the file whose placeholder `name` is, if it is one."""
    match = _PLACEHOLDER.fullmatch(name) if name.endswith("cloud") else None
    return match and (match[1] or match[2])


def only_in_the_cloud(found: os.stat_result) -> bool:
    """Whether a file's bytes were moved away to free space (iCloud, OneDrive, Dropbox)."""
    dataless = getattr(found, "st_flags", 0) & 0x40000000  # SF_DATALESS, macOS
    recalled = getattr(found, "st_file_attributes", 0) & 0x00400000  # RECALL_ON_DATA_ACCESS
    return bool(dataless or recalled)
