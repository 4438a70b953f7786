"""
Plain directories, entered one by one and never through a symlink.

One seam, two ways: by descriptor where the system has `dir_fd` (nothing can be swapped in between),
by path elsewhere (Windows). `open_top` chooses.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from typing import Protocol

from jatossync.core.model import Stat

READ_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # a FIFO put in the file's place must not block
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOINHERIT", 0)
)
DIRECTORY_FLAGS = READ_FLAGS | getattr(os, "O_DIRECTORY", 0)
CREATE_FLAGS = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL  # never through a symlink, never over something
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOINHERIT", 0)
)

BY_DESCRIPTOR = {os.open, os.stat} <= os.supports_dir_fd and os.scandir in os.supports_fd


LARGEST = 2**63 - 1
"""The largest number that the state can keep: until the year 2262, for a time."""


def stat_of(found: os.stat_result) -> Stat:
    """What of a file's status tells that it was written, in numbers that the state can keep."""
    mtime_ns, ctime_ns = (
        max(-LARGEST, min(ns, LARGEST)) for ns in (found.st_mtime_ns, found.st_ctime_ns)
    )
    return Stat(found.st_size, mtime_ns, ctime_ns, found.st_ino & LARGEST)


def is_plain_directory(found: os.stat_result) -> bool:
    """Whether it is a directory that is no junction (Windows)."""
    return stat.S_ISDIR(found.st_mode) and not _is_junction(found)


def special_kind(found: os.stat_result) -> str:
    """What something is that is neither a file nor a plain directory, for people."""
    if stat.S_ISLNK(found.st_mode) or _is_junction(found):
        return "a symlink"
    if stat.S_ISFIFO(found.st_mode):
        return "a FIFO"
    if stat.S_ISSOCK(found.st_mode):
        return "a socket"
    return "a device"


def _is_junction(found: os.stat_result) -> bool:
    mount_point_tag = 0xA0000003
    return getattr(found, "st_reparse_tag", 0) == mount_point_tag


class Directory(Protocol):
    """An open plain directory. Names are UTF-8; bytes that are none stand as lone surrogates."""

    def children(self) -> list[tuple[str, os.stat_result | OSError]]:
        """All that stands in it, not followed; an error where one child cannot be looked at."""

    def names(self) -> list[str]:
        """The names of all that stands in it."""

    def lstat(self, name: str) -> os.stat_result:
        """What stands there under that name, not followed."""

    def enter(self, name: str) -> Directory:
        """Open the plain directory of that name; OSError for anything else."""

    def open_file(self, name: str) -> int:
        """A descriptor for reading; the caller checks that it is a plain file."""

    def make(self, name: str) -> None:
        """Make a directory of that name, if nothing has it."""

    def create_file(self, name: str) -> int:
        """A descriptor for writing a new file of that name."""

    def rename(self, name: str, to: str) -> None:
        """Give what stands there another name, in place of what has that one."""

    def unlink(self, name: str) -> None:
        """Remove the file of that name."""

    def sync(self) -> None:
        """Let its names be on disk, where the system can do that."""

    def close(self) -> None:
        """Let go of it."""


def lstat_or_none(directory: Directory, name: str) -> os.stat_result | None:
    """What stands there, not followed; None where surely nothing does."""
    try:
        return directory.lstat(name)
    except FileNotFoundError:
        return None


def open_top(path: str) -> Directory:
    """Open a directory by its real path."""
    if BY_DESCRIPTOR:
        return DescriptorDirectory(os.open(path, DIRECTORY_FLAGS))
    return PathDirectory(path)


class DescriptorDirectory:
    """A directory held by its descriptor: it stays the same one, whatever happens to its path."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def children(self) -> list[tuple[str, os.stat_result | OSError]]:
        found: list[tuple[str, os.stat_result | OSError]] = []
        with os.scandir(self.descriptor) as listing:
            for child in listing:
                try:
                    found.append((_from_system(child.name), child.stat(follow_symlinks=False)))
                except FileNotFoundError:
                    continue
                except OSError as exc:
                    found.append((_from_system(child.name), exc))
        return found

    def names(self) -> list[str]:
        return [_from_system(name) for name in os.listdir(self.descriptor)]

    def lstat(self, name: str) -> os.stat_result:
        return os.stat(_to_system(name), dir_fd=self.descriptor, follow_symlinks=False)

    def enter(self, name: str) -> DescriptorDirectory:
        return DescriptorDirectory(
            os.open(_to_system(name), DIRECTORY_FLAGS, dir_fd=self.descriptor)
        )

    def open_file(self, name: str) -> int:
        return os.open(_to_system(name), READ_FLAGS, dir_fd=self.descriptor)

    def make(self, name: str) -> None:
        with suppress(FileExistsError):
            os.mkdir(_to_system(name), dir_fd=self.descriptor)

    def create_file(self, name: str) -> int:
        return os.open(_to_system(name), CREATE_FLAGS, 0o666, dir_fd=self.descriptor)

    def rename(self, name: str, to: str) -> None:
        here = self.descriptor
        os.replace(_to_system(name), _to_system(to), src_dir_fd=here, dst_dir_fd=here)

    def unlink(self, name: str) -> None:
        os.unlink(_to_system(name), dir_fd=self.descriptor)

    def sync(self) -> None:
        with suppress(OSError):  # some file systems cannot
            os.fsync(self.descriptor)

    def close(self) -> None:
        os.close(self.descriptor)


class PathDirectory:
    """A directory by its path: each step is checked, yet could be swapped right after."""

    def __init__(self, path: str) -> None:
        self.path = path

    def children(self) -> list[tuple[str, os.stat_result | OSError]]:
        found: list[tuple[str, os.stat_result | OSError]] = []
        for name in os.listdir(self.path):
            try:
                found.append((name, self.lstat(name)))
            except FileNotFoundError:
                continue
            except OSError as exc:
                found.append((name, exc))
        return found

    def names(self) -> list[str]:
        return os.listdir(self.path)

    def lstat(self, name: str) -> os.stat_result:
        return os.lstat(os.path.join(self.path, name))

    def enter(self, name: str) -> PathDirectory:
        path = os.path.join(self.path, name)
        if not is_plain_directory(os.lstat(path)):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
        os.scandir(path).close()  # readable, as on the other way
        return PathDirectory(path)

    def open_file(self, name: str) -> int:
        path = os.path.join(self.path, name)
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
        return os.open(path, READ_FLAGS)

    def make(self, name: str) -> None:
        with suppress(FileExistsError):
            os.mkdir(os.path.join(self.path, name))

    def create_file(self, name: str) -> int:
        return os.open(os.path.join(self.path, name), CREATE_FLAGS, 0o666)

    def rename(self, name: str, to: str) -> None:
        os.replace(os.path.join(self.path, name), os.path.join(self.path, to))

    def unlink(self, name: str) -> None:
        os.unlink(os.path.join(self.path, name))

    def sync(self) -> None:
        """There is no way to."""

    def close(self) -> None:
        """Nothing is held."""


def _from_system(name: str) -> str:
    return name if name.isascii() else os.fsencode(name).decode("utf-8", "surrogateescape")


def _to_system(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
