"""How counts, single files and the end of a sync are said to people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from jatossync.core.model import Topic
from jatossync.core.report import Report
from jatossync.log import escaped

if TYPE_CHECKING:  # the engine takes longer to import than `status` to run
    from jatossync.engine import Engine

SHOWN = 10
"""So many paths of one kind are shown; the rest is a number."""

_TOPICS = {
    Topic.QUARANTINED: "Kept back, may be secret",
    Topic.UNHOLDABLE: "Not mirrored, JATOS cannot hold the name",
    Topic.EMPTY: "Empty here",
    Topic.SPECIAL: "Not mirrored, no plain file",
    Topic.UNKNOWN: "Could not be read, left as it is on JATOS",
    Topic.KEPT: "Gone here, kept on JATOS",
    Topic.FOREIGN: "Only on JATOS, left alone",
}


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 file`, `2 files`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def remarks(report: Report) -> list[str]:
    """What a person should know about single files, kind by kind."""
    lines: list[str] = []
    for topic, words in _TOPICS.items():
        notes = [note for note in report.notes.values() if note.topic is topic]
        lines += _listed(words, ((note.path, note.why) for note in notes))
    refused = ((path, refusal.reason) for path, refusal in report.refused.items())
    lines += _listed("Refused by JATOS, tried again when it changes and now and then", refused)
    for held in report.held:
        words = f"Waiting for your decision{held.id and f' on {held.id}'}: {held.reason}"
        lines += _listed(words, ((hold.path, hold.why) for hold in held.paths.values()))
    return lines


def _listed(words: str, files: Iterable[tuple[str, str]]) -> list[str]:
    found = sorted(files)
    if not found:
        return []
    lines = [f"{words} ({len(found)}):"]
    lines += [f"    {escaped(path or '.')}: {escaped(why)}" for path, why in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"    … and {len(found) - SHOWN} more")
    return lines


def in_sync(engine: Engine) -> bool:
    """
    Whether JATOS has what this folder has, as far as it can (law 13).

    Empty files and names that JATOS cannot hold are listed and do not count.
    """
    report = engine.report
    unread = any(note.topic is Topic.UNKNOWN for note in report.notes.values())
    return engine.settled and not (report.held or report.refused or unread)
