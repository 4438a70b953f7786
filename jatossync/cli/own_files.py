"""Files that commands write for the user: whole or not at all, and never over another one."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from jatossync.errors import ConfigError

PRIVATE = 0o600
ORDINARY = 0o644


def create(path: str, text: str, mode: int) -> None:
    """
    Write a new file, with the directories above it.

    Raises:
        ConfigError: Something is there already, or it cannot be written.
    """
    with _explained(path):
        os.makedirs(os.path.dirname(path) or ".", mode=0o700, exist_ok=True)
        with _written_beside(path, text, mode) as beside:
            try:
                _link(beside, path, mode)
            except FileExistsError:
                raise ConfigError(f"{path} is there already, and is left as it is") from None


def replace(path: str, text: str, mode: int) -> None:
    """
    Write a file anew; whoever reads it sees the old text or the new one.

    Raises:
        ConfigError: It cannot be written.
    """
    path = os.path.realpath(path)  # of a link, what it leads to
    with _explained(path), _written_beside(path, text, mode) as beside:
        _give_to_its_owner(beside, path)
        os.replace(beside, path)


def _give_to_its_owner(beside: str, path: str) -> None:
    """Root may write for a service that is another user: the file stays that one's."""
    with suppress(OSError):
        found = os.stat(path)
        if hasattr(os, "chown"):
            os.chown(beside, found.st_uid, found.st_gid)


@contextmanager
def _written_beside(path: str, text: str, mode: int) -> Iterator[str]:
    """A finished file in the same directory, removed in the end where it is still there."""
    descriptor, beside = tempfile.mkstemp(prefix=".jatossync-", suffix=".part", dir=_above(path))
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, mode)
        yield beside
    finally:
        with suppress(FileNotFoundError):
            os.unlink(beside)


def _link(beside: str, path: str, mode: int) -> None:
    """Give a finished file its name; FileExistsError where another one has it."""
    try:
        os.link(beside, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, mode))
        os.replace(beside, path)


def _above(path: str) -> str:
    return os.path.dirname(path) or os.curdir


@contextmanager
def _explained(path: str) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise ConfigError(f"{path} cannot be written: {exc.strerror}") from exc
