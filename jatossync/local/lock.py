"""One jatossync per folder: a lock that ends with the process, however it ends."""

from __future__ import annotations

import errno
import hashlib
import os
import sys
import tempfile

from jatossync.errors import AlreadyRunning, ConfigError

_HELD = {errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK}


class FolderLock:
    """
    Held from its making until `release`.

    The folder itself is locked where that works; where it does not (Windows, NFS) a file of the
    user's temporary directory that is named for the folder.
    """

    def __init__(self, path: str, descriptor: int | None) -> None:
        """
        Args:
            path: The folder's real path.
            descriptor: The folder, held open; None where directories cannot be.

        Raises:
            AlreadyRunning: Somebody else holds it.
            ConfigError: The lock file cannot be made.
        """
        self._path = path
        self._file: int | None = None
        self.follow(descriptor)

    def follow(self, descriptor: int | None) -> None:
        """
        The same folder is held by another descriptor from now on.

        Raises:
            AlreadyRunning: Somebody else holds it.
            ConfigError: The lock file cannot be made.
        """
        if self._file is None and (descriptor is None or not _locked(descriptor, self._path)):
            self._lock_file(self._path)

    def _lock_file(self, path: str) -> None:
        name = hashlib.sha256(os.fsencode(path)).hexdigest()[:16]
        place = os.path.join(tempfile.gettempdir(), f"jatossync-{name}.lock")
        no_follow = getattr(os, "O_NOFOLLOW", 0)
        try:
            self._file = os.open(place, os.O_RDWR | os.O_CREAT | no_follow, 0o600)
            if not _locked(self._file, path):
                raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))
        except AlreadyRunning:
            self.release()
            raise
        except OSError as exc:
            self.release()
            raise ConfigError(
                f"the folder {path} cannot be locked: {place}: {exc.strerror}",
                "If no other jatossync mirrors it, remove that file.",
            ) from exc

    def release(self) -> None:
        """Let go of the lock file; a locked folder is free once its descriptor is closed."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def lock(descriptor: int) -> bool:
    """
    Lock what is open, until it is closed; False where somebody else holds it.

    Raises:
        OSError: The system cannot lock this kind of thing.
    """
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        if exc.errno not in _HELD:
            raise
        return False
    return True


def _locked(descriptor: int, path: str) -> bool:
    """Lock it; False where the system cannot lock this kind of thing."""
    try:
        if lock(descriptor):
            return True
    except OSError:
        return False
    raise AlreadyRunning(
        f"another jatossync already mirrors {path}",
        "That may be your service: `jatossync status` shows what it does. To run another one, "
        "stop it first; two would get in each other's way.",
    )
