"""What JATOS acknowledged, and when: read for people; state/store.py writes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from jatossync.core.paths import ROOT, RelPath
from jatossync.state.database import Database

KEPT = 500_000
"""So many are kept, about 70 MB: years of work, and some weeks of a log that is saved all day."""


@dataclass(frozen=True)
class Happened:
    """One acknowledged request."""

    at: float
    """Seconds since 1970."""
    verb: str
    """`upload` or `delete`."""
    path: RelPath
    size: int | None
    """Bytes; None of a delete, as `sha256`."""
    sha256: str | None
    seconds: float
    burst: int
    """Went out together with all of the same number."""
    git_commit: str | None
    """That the folder was at; None where it lies in no work tree."""
    git_dirty: bool | None
    """Whether files differed from that commit."""


class History:
    """What happened, with the git commit of each burst; of the oldest only what is not let go."""

    def __init__(self, database: Database) -> None:
        self._db = database

    @property
    def begins(self) -> float | None:
        """When the oldest happened of which is known, if older ones were let go; else None."""
        first = self._db.row("SELECT id, acked_at FROM history ORDER BY id LIMIT 1")
        return float(first[1]) if first is not None and first[0] > 1 else None

    def let_go(self, keep: int = KEPT) -> None:
        """Forget all but the `keep` newest, by number: a clock may have been wrong."""
        self._db.execute("DELETE FROM history WHERE id <= (SELECT max(id) FROM history) - ?", keep)
        # Not those of which something may still be sent.
        self._db.execute("DELETE FROM bursts WHERE id < (SELECT min(burst) FROM history) - ?", keep)

    def newest(
        self, path: RelPath = ROOT, since: float = 0.0, limit: int | None = None
    ) -> Iterator[Happened]:
        """
        What happened at or below `path` since then, the newest first.

        Args:
            limit: At most so many.
        """
        own = path.encode()
        query = (
            "SELECT acked_at, verb, path, size, sha256, seconds, burst, git_commit, git_dirty "
            "FROM history JOIN bursts ON bursts.id = burst WHERE acked_at >= ? "
            "AND (? = x'' OR path = ? OR (path >= ? AND path < ?)) "
            "ORDER BY history.id DESC LIMIT ?"
        )
        # "0" is the byte after "/".
        values = (since, own, own, own + b"/", own + b"0", -1 if limit is None else limit)
        for at, verb, raw, size, sha256, seconds, burst, commit, dirty in self._db.rows(
            query, *values
        ):
            known = None if dirty is None else bool(dirty)
            yield Happened(
                at, verb, RelPath(raw.decode()), size, sha256, seconds, burst, commit, known
            )
