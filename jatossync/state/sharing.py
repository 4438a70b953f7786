"""
Who else may use the state: nobody, or the group of its directory.

A directory that its group may write, with the set-group-id bit (mode 2770), is shared on purpose:
the one of a system service, whose group may use all commands (systemd/). Files and directories in
it are then the group's too, whoever of the group makes them.
"""

from __future__ import annotations

import errno
import os
import stat


def file_mode(directory: str) -> int:
    """The permissions of a file in this directory."""
    return 0o660 if _is_shared(directory) else 0o600


def allow(path: str) -> None:
    """Give a new file its permissions, whatever this process's umask made of them."""
    _set(path, file_mode(os.path.dirname(path)))


def make_directory(path: str) -> None:
    """Make a directory with those above it, with the permissions of what it lies in."""
    if os.path.isdir(path):
        return
    above = os.path.dirname(path)
    if above == path:  # a drive that is not there
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    make_directory(above)
    shared = _is_shared(above)
    try:
        os.mkdir(path, 0o770 if shared else 0o700)
    except FileExistsError:
        if not os.path.isdir(path):  # else somebody else just made it
            raise
    if shared:
        _set(path, 0o770)


def _is_shared(directory: str) -> bool:
    mode = os.stat(directory).st_mode
    return bool(mode & stat.S_ISGID and mode & stat.S_IWGRP)


def _set(path: str, permissions: int) -> None:
    """Only where it is needed: who does not own a file may not even repeat its permissions."""
    mode = os.stat(path).st_mode
    if mode & 0o777 != permissions:
        os.chmod(path, stat.S_IMODE(mode) & ~0o777 | permissions)
