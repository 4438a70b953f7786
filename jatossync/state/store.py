"""
What must survive a crash, in one SQLite file: manifest, attempts, history, the trash's index.

No queue is kept: a start compares everything (law 7). What *is* on disk before a request leaves is
that it is being attempted; what it led to follows within one commit of the outcomes.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

from jatossync.core import binding
from jatossync.core.actions import Delete, Upload
from jatossync.core.jobs import GitState
from jatossync.core.model import Attempt, Content, Kept, Past, Row, Stat, Unanswered, Verb
from jatossync.core.paths import ROOT, RelPath
from jatossync.errors import StateError
from jatossync.state.database import Database
from jatossync.state.history import History
from jatossync.state.holds import SCHEMA as HOLDS_SCHEMA
from jatossync.state.holds import HoldShelf
from jatossync.state.memory import SCHEMA as MEMORY_SCHEMA
from jatossync.state.memory import Memory
from jatossync.state.refusals import SCHEMA as REFUSALS_SCHEMA
from jatossync.state.refusals import RefusalShelf
from jatossync.state.rules import SCHEMA as RULES_SCHEMA
from jatossync.state.rules import RuleSets

FILE_NAME = "state.sqlite3"
_OF_BOTH_SIDES = ("manifest", "attempts", "held", "held_lists", "approvals", "refusals")
SCHEMA_VERSION = "7"

# Paths are BLOBs: SQLite compares those byte by byte, so a directory is one range.
_SCHEMA = """
CREATE TABLE binding (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE manifest (
    path BLOB PRIMARY KEY, size INTEGER NOT NULL, sha256 TEXT NOT NULL, adler32 INTEGER NOT NULL,
    stat_size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL, hashed_at_ns INTEGER NOT NULL, acked_at REAL NOT NULL,
    proven INTEGER NOT NULL, remote_ms INTEGER, put_back INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE attempts (
    path BLOB NOT NULL, verb TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER, adler32 INTEGER,
    PRIMARY KEY (path, verb, sha256)
) WITHOUT ROWID;
CREATE TABLE bursts (
    id INTEGER PRIMARY KEY, at REAL NOT NULL, git_commit TEXT, git_dirty INTEGER
);
CREATE TABLE history (
    id INTEGER PRIMARY KEY, burst INTEGER NOT NULL REFERENCES bursts, path BLOB NOT NULL,
    verb TEXT NOT NULL, sha256 TEXT, size INTEGER, acked_at REAL NOT NULL, seconds REAL NOT NULL,
    approved INTEGER NOT NULL
);
CREATE INDEX history_by_path ON history (path, id);
CREATE TABLE trash (
    id INTEGER PRIMARY KEY, path BLOB NOT NULL, study TEXT NOT NULL, at REAL NOT NULL,
    why TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL
);
"""


class Store:
    """
    The state of one study on one server, mirrored from one folder.

    Writes are collected in a transaction until `commit`, but for `begin`, which is on disk when it
    returns. Not for use by several threads at once.
    """

    def __init__(self, directory: str, clock: Callable[[], float] = time.time) -> None:
        """
        Open the state in `directory`, or make a new one.

        Raises:
            StateError: The directory or the file cannot be used. A damaged file is left as it is.
        """
        self.path = os.path.join(directory, FILE_NAME)
        self._clock = clock
        self._files: int | None = None
        """Counted along: counting anew costs the more, the larger the study is. None: not known."""
        self._db = Database(self.path)
        self.holds = HoldShelf(self._db, clock)
        """Held lists and approvals."""
        self.refusals = RefusalShelf(self._db, clock)
        """What JATOS does not take, and why."""
        self.history = History(self._db)
        """What JATOS acknowledged, to be read."""
        self.rules = RuleSets(self._db)
        """The ignore rules that held before."""
        self.memory = Memory(self._db, clock)
        """Pause, and the last status."""
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Commit what is collected and let go of the file."""
        self._db.close()

    @property
    def uncommitted(self) -> bool:
        """Whether something was written since the last commit."""
        return self._db.uncommitted

    def commit(self) -> None:
        """Put what was collected on disk."""
        self._db.commit()

    def changed_elsewhere(self) -> bool:
        """Whether another process has written since this was last asked."""
        changed = self._db.changed_elsewhere()
        if changed:
            self._files = None
        return changed

    # --- which study this is -------------------------------------------------------------------

    def bind(self, **now: str) -> list[str]:
        """
        Remember what this state belongs to, or make sure that it still belongs to it.

        Returns:
            What changed and does not matter, for people.

        Raises:
            StateError: See `expect`.
        """
        known = self.binding()
        self.expect(**now)
        if any(known.get(key) != value for key, value in now.items()):
            self._write("INSERT OR REPLACE INTO binding VALUES (?, ?)", *now.items())
            self.commit()
        return binding.notes(known, now)

    def expect(self, **now: str) -> None:
        """
        Make sure that this state belongs to what is known of server, study and folder.

        Raises:
            StateError: It was made for something else; both are named.
        """
        known = self.binding()
        if key := binding.another(known, now):
            raise StateError(
                f"this state belongs to another {key}: {known[key]}, now it is {now[key]}",
                "To go on would take one for the other and delete wrongly. Set the old value "
                "again, or give this study a state of its own with `state:`. Or accept the new "
                "one with `jatossync check --rebind`: it starts anew and deletes nothing.",
            )

    def binding(self) -> dict[str, str]:
        """What this state belongs to, by the names given to `bind`."""
        found = dict(self._db.rows("SELECT key, value FROM binding"))
        return {key: value for key, value in found.items() if key != "schema"}

    def remember(self, key: str, value: str) -> None:
        """Keep what belongs to the binding and may change with it."""
        self._write("INSERT OR REPLACE INTO binding VALUES (?, ?)", (key, value))
        self.commit()

    def remembered(self, key: str) -> str | None:
        """What `remember` kept."""
        found = self._db.row("SELECT value FROM binding WHERE key = ?", key)
        return str(found[0]) if found else None

    def start_over(self) -> None:
        """
        Forget what is known of both sides: the next start is first contact and deletes nothing.

        History, trash and pause stay.
        """
        self._files = None
        for table in _OF_BOTH_SIDES:
            self._write(f"DELETE FROM {table}", ())  # noqa: S608  (constants of this module)
        self._write("DELETE FROM binding WHERE key != 'schema'", ())
        self.commit()

    # --- manifest and attempts -----------------------------------------------------------------

    def known(self, path: RelPath) -> bool:
        """Whether the manifest has this very path."""
        return self._db.row("SELECT 1 FROM manifest WHERE path = ?", path.encode()) is not None

    @property
    def files(self) -> int:
        """How many files JATOS has acknowledged."""
        if self._files is None:
            (self._files,) = self._db.row("SELECT count(*) FROM manifest") or (0,)
        return self._files

    def paths(self) -> set[RelPath]:
        """All paths of the manifest."""
        return {RelPath(path.decode()) for (path,) in self._db.rows("SELECT path FROM manifest")}

    def rows(self, scope: Iterable[RelPath]) -> dict[RelPath, Row]:
        """The manifest's rows at and below the paths of `scope`."""
        return {
            row.path: row for values in self._select("manifest", scope) for row in [_row(values)]
        }

    def long_unread(self, age_s: float, after: Row | None, limit: int) -> list[Row]:
        """
        The rows whose file was last read more than `age_s` ago, the oldest first.

        Args:
            after: The last row of the previous answer, to go on from there.
        """
        now_ns = int(self._clock() * 1e9)
        # What was read in the future was read before the clock was set back: nobody knows when.
        found = self._db.rows(
            "SELECT * FROM manifest WHERE (hashed_at_ns < ? OR hashed_at_ns > ?) "
            "AND (hashed_at_ns, path) > (?, ?) ORDER BY hashed_at_ns, path LIMIT ?",
            *(now_ns - int(age_s * 1e9), now_ns),
            *((after.hashed_at_ns, after.path.encode()) if after else (-(2**63), b"")),
            limit,
        )
        return [_row(values) for values in found]

    def attempts(self, scope: Iterable[RelPath]) -> dict[RelPath, list[Attempt]]:
        """The requests at and below the paths of `scope` that have no definite answer."""
        found: dict[RelPath, list[Attempt]] = {}
        for path, verb, sha256, size, adler32 in self._select("attempts", scope):
            content = Content(size, sha256, adler32) if sha256 else None
            attempt = Attempt(RelPath(path.decode()), Verb(verb), content)
            found.setdefault(attempt.path, []).append(attempt)
        return found

    def begin(self, actions: Iterable[Upload | Delete], burst: int | None = None) -> int:
        """
        Put on disk that these requests are being attempted.

        Args:
            burst: The burst they belong to; None begins a new one.

        Returns:
            The burst's number.

        Raises:
            StateError: It could not be written; then nothing may be sent.
        """
        if burst is None:
            burst = self._db.execute("INSERT INTO bursts (at) VALUES (?)", self._clock())
        self._write(
            "INSERT OR IGNORE INTO attempts VALUES (?, ?, ?, ?, ?)", *map(_attempt, actions)
        )
        self.commit()
        return burst

    def refused(self, action: Upload | Delete) -> None:
        """JATOS said no, and never had the chance to say yes: nothing of ours came there."""
        path, verb, sha256, *_ = _attempt(action)
        self._write(
            "DELETE FROM attempts WHERE path = ? AND verb = ? AND sha256 = ?", (path, verb, sha256)
        )

    def uploaded(self, row: Row, burst: int, seconds: float, late: Unanswered = ()) -> None:
        """JATOS acknowledged these bytes (law 5)."""
        self.adopted(row, late)
        self._history(burst, row.path, Verb.UPLOAD, row.content, seconds, approved=False)

    def deleted(
        self, path: RelPath, burst: int, seconds: float, *, approved: bool, late: Unanswered = ()
    ) -> None:
        """JATOS acknowledged that `path` is gone; `approved`: a person said yes to it."""
        row = self.rows([path]).get(path)
        self.forgotten(path, late)
        self._history(
            burst, path, Verb.DELETE, row.content if row else None, seconds, approved=approved
        )

    def adopted(self, row: Row, late: Unanswered = ()) -> None:
        """JATOS has these bytes, sent by us or not; all attempts but `late` are settled."""
        row = replace(row, put_back=self._is_put_back(row))
        self.settled(row.path, late)
        self.refreshed(row)

    def refreshed(self, row: Row) -> None:
        """The same bytes with another stat; nothing that was attempted is settled by it."""
        if self._files is not None and not self.known(row.path):
            self._files += 1
        self._write(
            "INSERT OR REPLACE INTO manifest VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                row.path.encode(),
                *row.content,
                *row.stat,
                row.hashed_at_ns,
                self._clock(),
                row.proven,
                row.remote_ms,
                row.put_back,
            ),
        )

    def forgotten(self, path: RelPath, late: Unanswered = ()) -> None:
        """Nothing of ours is at `path` any more, but for what may come `late`."""
        if self._files is not None and self.known(path):
            self._files -= 1
        self.settled(path, late)
        self._write("DELETE FROM manifest WHERE path = ?", (path.encode(),))

    def settled(self, path: RelPath, late: Unanswered = ()) -> None:
        """Nothing comes of what was attempted any more, but for `late` (core/late.py)."""
        shas = [content.sha256 if content else "" for content in late]
        marks = ", ".join("?" for _ in shas)
        self._write(
            f"DELETE FROM attempts WHERE path = ? AND sha256 NOT IN ({marks})",  # noqa: S608
            (path.encode(), *shas),
        )

    # --- history and trash ---------------------------------------------------------------------

    def past(self, seconds: float) -> list[Past]:
        """What JATOS acknowledged in the last `seconds`, in that order."""
        now = self._clock()
        found = []
        query = "SELECT path, verb, sha256, approved, acked_at FROM history ORDER BY id DESC"
        for path, verb, sha256, approved, at in self._db.rows(query):
            if now - at > seconds:
                break
            if at - now > seconds:
                continue  # the clock was wrong then: nobody knows when it was
            found.append(Past(RelPath(path.decode()), Verb(verb), sha256, bool(approved)))
        return found[::-1]

    def provenance(self, burst: int, state: GitState) -> None:
        """Which git commit the folder was at: which code did a participant see?"""
        self._write(
            "UPDATE bursts SET git_commit = ?, git_dirty = ? WHERE id = ?",
            (state.commit, state.dirty, burst),
        )

    def kept(self, path: RelPath, content: Content, study: str, why: str) -> bool:
        """
        Bytes from JATOS are in the trash; on disk when this returns.

        Returns:
            Whether these are other bytes than were last kept of this path; else that line counts
            from now on.
        """
        last = self._db.rows(
            "SELECT id, sha256 FROM trash WHERE path = ? AND study = ? ORDER BY id DESC LIMIT 1",
            *(path.encode(), study),
        )
        again = [number for number, sha256 in last if sha256 == content.sha256]
        if again:
            self._write(
                "UPDATE trash SET at = ?, why = ? WHERE id = ?", (self._clock(), why, *again)
            )
        else:
            self._write(
                "INSERT INTO trash (path, study, at, why, size, sha256) VALUES (?, ?, ?, ?, ?, ?)",
                (path.encode(), study, self._clock(), why, content.size, content.sha256),
            )
        self.commit()
        return not again

    def trash_index(self) -> list[Kept]:
        """All that was kept, the oldest first."""
        found = self._db.rows("SELECT * FROM trash ORDER BY id")
        return [Kept(number, RelPath(path.decode()), *rest) for number, path, *rest in found]

    def no_longer_kept(self, kept: Iterable[Kept]) -> None:
        """Drop these lines of the trash's index; on disk when this returns."""
        self._write("DELETE FROM trash WHERE id = ?", *((each.number,) for each in kept))
        self.commit()

    # --- inside --------------------------------------------------------------------------------

    def _prepare(self) -> None:
        if self._is_new():
            self._db.begin()  # who comes second waits here, and finds it made
            if self._is_new():
                self._make()
            self._db.commit()
        found = self._db.row("SELECT value FROM binding WHERE key = 'schema'")
        if found != (SCHEMA_VERSION,):
            raise StateError(
                f"the state {self.path} was written by another version of jatossync",
                "Use that version, or give this study a new `state:`.",
            )

    def _is_new(self) -> bool:
        return self._db.row("SELECT count(*) FROM sqlite_master") == (0,)

    def _make(self) -> None:
        schema = _SCHEMA + HOLDS_SCHEMA + REFUSALS_SCHEMA + MEMORY_SCHEMA + RULES_SCHEMA
        for statement in schema.split(";"):
            self._db.execute(statement)
        self._db.execute("INSERT INTO binding VALUES ('schema', ?)", SCHEMA_VERSION)

    def _is_put_back(self, row: Row) -> bool:
        """
        Whether these bytes had been acknowledged before, and were sent again since.

        Where other bytes were sent too, it is those of us that came late.
        """
        before = self.rows([row.path]).get(row.path)
        if before is None or before.content != row.content:
            return False
        sent = self.attempts([row.path]).get(row.path, ())
        again = bool(sent) and all(each.content == row.content for each in sent)
        return before.put_back or again

    def _select(self, table: str, scope: Iterable[RelPath]) -> Iterator[tuple[Any, ...]]:
        query = f"SELECT * FROM {table}"  # noqa: S608  (a constant of this module)
        for top in scope:
            if top == ROOT:
                yield from self._db.rows(query)
                return
            own = top.encode()
            yield from self._db.rows(
                f"{query} WHERE path = ? OR (path >= ? AND path < ?)",
                *(own, own + b"/", own + b"0"),  # "0" is the byte after "/"
            )

    def _history(
        self,
        burst: int,
        path: RelPath,
        verb: Verb,
        content: Content | None,
        seconds: float,
        *,
        approved: bool,
    ) -> None:
        self._write(
            "INSERT INTO history (burst, path, verb, sha256, size, acked_at, seconds, approved) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                burst,
                path.encode(),
                verb.value,
                content.sha256 if content else None,
                content.size if content else None,
                self._clock(),
                seconds,
                approved,
            ),
        )

    def _write(self, statement: str, *rows: tuple[object, ...]) -> None:
        self._db.write(statement, *rows)


def start_over(directory: str) -> str | None:
    """
    Let the state in `directory` start over (`Store.start_over`).

    Returns:
        Where a state was moved that cannot be read, or was written by another version; else None.

    Raises:
        StateError: The directory cannot be used, or the state is in use.
    """
    try:
        with closing(Store(directory)) as store:
            store.start_over()
        return None
    except StateError as exc:
        damaged = exc.__cause__ is None or type(exc.__cause__) is sqlite3.DatabaseError
        if not damaged:
            raise
    aside = f"{FILE_NAME}.{time.strftime('%Y%m%d-%H%M%S')}"
    for tail in ("", "-wal", "-shm"):
        path = os.path.join(directory, FILE_NAME + tail)
        if os.path.exists(path):
            os.rename(path, os.path.join(directory, aside + tail))
    return os.path.join(directory, aside)


def _attempt(action: Upload | Delete) -> tuple[bytes, str, str, int | None, int | None]:
    path = action.path.encode()
    if isinstance(action, Delete):
        return path, Verb.DELETE.value, "", None, None
    size, sha256, adler32 = action.content
    return path, Verb.UPLOAD.value, sha256, size, adler32


def _row(values: tuple[Any, ...]) -> Row:
    path, size, sha256, adler32, *stat, hashed_at_ns, _at, proven, remote_ms, put_back = values
    return Row(
        RelPath(path.decode()),
        Content(size, sha256, adler32),
        Stat(*stat),
        hashed_at_ns,
        bool(proven),
        remote_ms,
        bool(put_back),
    )
