"""How counts, single files and the end of a sync are said to people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jatossync.core.actions import Topic

if TYPE_CHECKING:  # the engine takes longer to import than `status` to run
    from jatossync.engine import Engine


SHOWN = 10
"""So many of one kind are shown; the rest is a number."""


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 file`, `2 files`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def in_sync(engine: Engine) -> bool:
    """
    Whether JATOS has what this folder has, as far as it can (law 13).

    Empty files and names that JATOS cannot hold are listed and do not count.
    """
    report = engine.report
    unread = any(note.topic is Topic.UNKNOWN for note in report.notes.values())
    return engine.settled and not (report.held or report.refused or unread)
