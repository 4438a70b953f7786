"""
Held lists and approvals in the state, so that they outlive the process and pass between processes.

A command approves (`approve`) in a process of its own; a running daemon sees that another process
wrote (`Store.changed_elsewhere`), and a later start reads it. So who approves needs no daemon.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from typing import Any

from jatossync.core.actions import Approval, Hold, HoldKind
from jatossync.core.holds import HeldList
from jatossync.core.model import Seen
from jatossync.core.paths import RelPath
from jatossync.state.database import Database

ID_DIGITS = 4

SCHEMA = """
CREATE TABLE held_lists (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, reason TEXT NOT NULL,
    at REAL NOT NULL
);
CREATE TABLE held (
    path BLOB PRIMARY KEY, list TEXT NOT NULL, why TEXT NOT NULL, seen INTEGER NOT NULL,
    size INTEGER, adler32 INTEGER, sha256 TEXT, modified_ms INTEGER
) WITHOUT ROWID;
CREATE INDEX held_by_list ON held (list);
CREATE TABLE approvals (
    path BLOB PRIMARY KEY, kind TEXT NOT NULL, seen INTEGER NOT NULL, size INTEGER,
    adler32 INTEGER, sha256 TEXT, modified_ms INTEGER, at REAL NOT NULL
) WITHOUT ROWID;
"""


class HoldShelf:
    """What core/holds.py asks of the state (`Shelf`), and what the command `approve` does."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._db = database
        self._clock = clock

    def lists(self) -> list[HeldList]:
        """All lists that have paths, the oldest first."""
        found = self._db.rows("SELECT id, kind, reason, at FROM held_lists ORDER BY number")
        lists = {id_: HeldList(id_, HoldKind(kind), reason, at) for id_, kind, reason, at in found}
        for path, id_, why, *seen in self._db.rows("SELECT * FROM held"):
            held = lists[id_]
            hold = Hold(RelPath(path.decode()), held.kind, why, _seen(seen))
            held.paths[hold.path] = hold
        return [held for held in lists.values() if held.paths]

    def open(self, kind: HoldKind, reason: str) -> HeldList:
        """A new list, with an id that no list has; it is kept with its first path."""
        taken = {id_ for (id_,) in self._db.rows("SELECT id FROM held_lists")}
        digits = ID_DIGITS
        while (id_ := secrets.token_hex(digits // 2)) in taken:
            digits += 2
        return HeldList(id_, kind, reason, self._clock())

    def put(self, held: HeldList, hold: Hold) -> None:
        """`hold` belongs to `held` from now on, and was seen like this."""
        self._db.execute(
            "INSERT INTO held_lists (id, kind, reason, at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET reason = excluded.reason",
            *(held.id, held.kind.value, held.reason, held.at),
        )
        self._db.execute(
            "INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(hold.path.encode(), held.id, hold.why, *_columns(hold.seen)),
        )

    def remove(self, path: RelPath) -> None:
        """`path` is in no list any more; a list that became empty is gone."""
        self._db.execute("DELETE FROM held WHERE path = ?", path.encode())
        self._db.execute(
            "DELETE FROM held_lists WHERE NOT EXISTS (SELECT 1 FROM held WHERE list = id)"
        )

    def approvals(self) -> dict[RelPath, Approval]:
        """What people have approved and is not used up."""
        return {
            path: Approval(path, HoldKind(kind), _seen(seen))
            for raw, kind, *seen, _at in self._db.rows("SELECT * FROM approvals")
            for path in [RelPath(raw.decode())]
        }

    def settle(self, path: RelPath) -> None:
        """The approval of `path` is used up."""
        self._db.execute("DELETE FROM approvals WHERE path = ?", path.encode())

    def approve(self, holds: Iterable[Hold]) -> None:
        """
        A person said yes to exactly these; on disk when this returns.

        To choose from the lists: `chosen_all`, `chosen_list` and `chosen_path` of core/holds.py.
        """
        for hold in holds:
            self._db.execute(
                "INSERT OR REPLACE INTO approvals VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                *(hold.path.encode(), hold.kind.value, *_columns(hold.seen), self._clock()),
            )
            self.remove(hold.path)
        self._db.commit()


def _columns(seen: Seen | None) -> tuple[object, ...]:
    if seen is None:
        return (False, None, None, None, None)
    return (True, seen.size, seen.adler32, seen.sha256, seen.modified_ms)


def _seen(values: list[Any]) -> Seen | None:
    is_known, size, adler32, sha256, modified_ms = values
    return Seen(size, adler32, sha256, modified_ms, looked=True) if is_known else None
