"""What is to be known where no daemon runs that could be asked: pause, and the last status."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from jatossync.state.database import Database

SCHEMA = """
CREATE TABLE memory (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""

PAUSED, STATUS = "paused_since", "status"


class Memory:
    """A few values that outlive the process; written with the next commit."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._db = database
        self._clock = clock

    @property
    def paused_since(self) -> float | None:
        """Since when nothing may be sent, in seconds since 1970; None where it may."""
        since = self._value(PAUSED)
        return None if since is None else float(since)

    def pause(self) -> None:
        """Nothing may be sent, until `resume`; on disk when this returns."""
        if self.paused_since is None:
            self._put(PAUSED, repr(self._clock()))
            self._db.commit()

    def resume(self) -> None:
        """It may be sent again; on disk when this returns."""
        self._db.execute("DELETE FROM memory WHERE key = ?", PAUSED)
        self._db.commit()

    @property
    def status(self) -> dict[str, Any] | None:
        """What `keep_status` was given last."""
        told = self._value(STATUS)
        return None if told is None else dict(json.loads(told))

    def keep_status(self, told: dict[str, Any]) -> None:
        """How it stands, for whoever asks when nobody runs."""
        self._put(STATUS, json.dumps(told))

    def _value(self, key: str) -> str | None:
        found = self._db.row("SELECT value FROM memory WHERE key = ?", key)
        return None if found is None else str(found[0])

    def _put(self, key: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO memory VALUES (?, ?)", key, value)
