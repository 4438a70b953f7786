"""The state file, as another process would read it."""

from __future__ import annotations

import os
import sqlite3
from typing import Any

from jatossync.state.store import FILE_NAME


class OnDisk:
    """What another process would read in the state file now."""

    def __init__(self, state: str) -> None:
        self._path = os.path.join(state, FILE_NAME)
        self._db: sqlite3.Connection | None = None

    def close(self) -> None:
        """Let go of the file, which may be replaced now."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def rows(self) -> dict[str, str]:
        """The manifest: path to digest."""
        return {path.decode(): sha for path, sha in self._read("SELECT path, sha256 FROM manifest")}

    def unproven(self) -> dict[str, tuple[int, int]]:
        """Size and Adler-32 of the rows that claim no more of JATOS than these."""
        found = self._read("SELECT path, size, adler32 FROM manifest WHERE NOT proven")
        return {path.decode(): (size, adler32) for path, size, adler32 in found}

    def attempts(self) -> set[tuple[str, str, str]]:
        """Path, verb and digest of the attempts."""
        found = self._read("SELECT path, verb, sha256 FROM attempts")
        return {(path.decode(), verb, sha) for path, verb, sha in found}

    def _read(self, query: str) -> list[tuple[Any, ...]]:
        if self._db is None:
            if not os.path.exists(self._path):
                return []
            self._db = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)
        try:
            return self._db.execute(query).fetchall()
        except sqlite3.OperationalError:
            return []  # not made yet
