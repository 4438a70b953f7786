"""The SQLite file of the state: one transaction at a time, errors in our own words."""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jatossync.errors import StateDiskError, StateError
from jatossync.state.sharing import allow, make_directory

MAKERS, AGAIN_S = 50, 0.02
"""So many may make one file at once; each tries again so soon."""


class Database:
    """
    One connection. Writes are collected in a transaction until `commit`.

    Not for use by several threads at once; other processes may use the same file.
    """

    def __init__(self, path: str) -> None:
        """
        Raises:
            StateError: The directory or the file cannot be used. A damaged file is left as it is.
        """
        self.path = path
        with self.translated():
            make_directory(os.path.dirname(path))
            self._connection = sqlite3.connect(path, isolation_level=None)
            try:
                allow(path)
                self._write_ahead()
                self._connection.execute("PRAGMA synchronous = FULL")
                self._version = self._data_version()
                self._inode = os.stat(path).st_ino
            except BaseException:
                self._connection.close()
                raise

    def close(self) -> None:
        """Commit what is collected and let go of the file."""
        with self.translated():
            try:
                self.commit()
            finally:
                self._connection.close()

    @property
    def uncommitted(self) -> bool:
        """Whether something was written since the last commit."""
        return self._connection.in_transaction

    def commit(self) -> None:
        """
        Put what was collected on disk, for the next start to find.

        Raises:
            StateDiskError: It could not be; also where the file is not in its place any more.
        """
        if self._connection.in_transaction:
            with self.translated():
                self._connection.execute("COMMIT")
            self._expect_in_place()

    def changed_elsewhere(self) -> bool:
        """
        Whether another connection has written since this was last asked.

        Raises:
            StateDiskError: The file is not in its place any more.
        """
        self._expect_in_place()
        with self.translated():
            before, self._version = self._version, self._data_version()
            return self._version != before

    def rows(self, query: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """The rows that a query finds."""
        with self.translated():
            yield from self._connection.execute(query, values)

    def row(self, query: str, *values: object) -> tuple[Any, ...] | None:
        """The first row that a query finds."""
        return next(self.rows(query, *values), None)

    def write(self, statement: str, *rows: tuple[object, ...]) -> None:
        """Execute a statement for each of `rows`, in the transaction that `commit` ends."""
        with self.translated():
            self.begin()
            self._connection.executemany(statement, rows)

    def execute(self, statement: str, *values: object) -> int:
        """Execute one statement in that transaction; the number of the row it inserted."""
        with self.translated():
            self.begin()
            return self._connection.execute(statement, values).lastrowid or 0

    def begin(self) -> None:
        """Begin a transaction, if none is under way."""
        if not self._connection.in_transaction:
            with self.translated():
                self._connection.execute("BEGIN IMMEDIATE")

    @contextmanager
    def translated(self) -> Iterator[None]:
        """What SQLite and the disk say, as a StateError."""
        try:
            yield
        except sqlite3.DatabaseError as exc:
            code = getattr(exc, "sqlite_errorcode", 0) & 0xFF
            passing = code in _PASSING or (code == sqlite3.SQLITE_CANTOPEN and self._may_open())
            error = StateDiskError if passing else StateError
            raise error(f"the state {self.path} cannot be used: {exc}", _HINT) from exc
        except OSError as exc:
            error = StateDiskError if exc.errno in _PASSING_ERRNO else StateError
            raise error(f"the state {self.path} cannot be used: {exc.strerror}") from exc

    def _may_open(self) -> bool:
        """Whether the file could be opened but for a shortage, as of descriptors."""
        place = self.path if os.path.exists(self.path) else os.path.dirname(self.path)
        return not os.path.isdir(self.path) and os.access(place, os.R_OK | os.W_OK)

    def _write_ahead(self) -> None:
        """Where several do this to a new file, SQLite lets one wait, and fails for the others."""
        for attempt in range(MAKERS):
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as exc:
                if exc.sqlite_errorcode != sqlite3.SQLITE_BUSY or attempt == MAKERS - 1:
                    raise
                time.sleep(AGAIN_S)

    def _expect_in_place(self) -> None:
        """What is written to a file without a name, nobody will ever find (law 7)."""
        try:
            if os.stat(self.path).st_ino == self._inode:
                return
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as exc:  # it was there: whatever it is, it passes
            raise StateDiskError(
                f"the state {self.path} cannot be used: {exc.strerror}", _START_AGAIN
            ) from exc
        raise StateDiskError(
            f"the state {self.path} was removed or replaced while it was in use", _START_AGAIN
        )

    def _data_version(self) -> int:
        found: tuple[int] = self._connection.execute("PRAGMA data_version").fetchone()
        return found[0]


_PASSING = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
)
"""Primary result codes of SQLite that say nothing against the file itself."""

_PASSING_ERRNO = (
    *(errno.ENOSPC, errno.EDQUOT, errno.EIO),
    *(errno.ESTALE, errno.ETIMEDOUT, errno.ENOTCONN, errno.EHOSTDOWN),  # of network disks
)

_HINT = (
    "Make room, repair the disk, or let jatossync write there. If the file is damaged, `jatossync "
    "check --rebind` moves it away: the next start compares both sides, takes over what "
    "is equal and deletes nothing."
)

_START_AGAIN = "Nothing of the study is lost: start jatossync again, it compares both sides first."
