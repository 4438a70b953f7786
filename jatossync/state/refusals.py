"""Why JATOS does not take some paths, in the state: a start and `status` know it without asking."""

from __future__ import annotations

from collections.abc import Callable

from jatossync.core.model import Content
from jatossync.core.paths import RelPath
from jatossync.core.refusals import Refusal
from jatossync.state.database import Database

SCHEMA = """
CREATE TABLE refusals (
    path BLOB PRIMARY KEY, reason TEXT NOT NULL, size INTEGER, sha256 TEXT, adler32 INTEGER,
    times INTEGER NOT NULL, for_good INTEGER NOT NULL, api_version TEXT NOT NULL, at REAL NOT NULL
) WITHOUT ROWID;
"""


class RefusalShelf:
    """What core/refusals.py asks of the state (`Shelf`)."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._db = database
        self._clock = clock

    def all(self) -> list[Refusal]:
        """All paths that JATOS refused when it was last asked."""
        return [
            Refusal(
                RelPath(path.decode()),
                reason,
                Content(size, sha256, adler32) if sha256 else None,
                times,
                bool(for_good),
                api_version,
            )
            for path, reason, size, sha256, adler32, times, for_good, api_version, _at in (
                self._db.rows("SELECT * FROM refusals ORDER BY path")
            )
        ]

    def put(self, refusal: Refusal) -> None:
        """JATOS refused this just now."""
        self._db.execute(
            "INSERT OR REPLACE INTO refusals VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            refusal.path.encode(),
            refusal.reason,
            *(refusal.content or (None, None, None)),
            refusal.times,
            refusal.for_good,
            refusal.api_version,
            self._clock(),
        )

    def remove(self, path: RelPath) -> None:
        """Nothing is known against `path` any more."""
        self._db.execute("DELETE FROM refusals WHERE path = ?", path.encode())
