"""What people are told: what waits for them, what was left out and why, and what happened."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from jatossync.core.actions import Note
from jatossync.core.holds import Holds
from jatossync.core.paths import RelPath
from jatossync.core.refusals import Refusals
from jatossync.core.watching import Watching

Level = Literal["debug", "info", "warning", "error"]

SHOWN_PATHS = 3
"""So many paths of a list are named in the log."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that matters, for the log."""

    name: str
    level: Level = "info"
    fields: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class Totals:
    """What happened since the start."""

    uploaded: int = 0
    uploaded_bytes: int = 0
    deleted: int = 0
    adopted: int = 0
    kept: int = 0


class Report:
    """Kept by the engine, read by the commands."""

    def __init__(self, held: Holds, refused: Refusals) -> None:
        self.notes: dict[RelPath, Note] = {}
        self.held = held
        """What waits for a person."""
        self.refused = refused
        """What JATOS does not take."""
        self.root_trouble: str | None = None
        """Why nothing can be concluded from the folder (law 2)."""
        self.watching: Watching | None = None
        """How changes are noticed; None where nobody waits for any."""
        self.unheard = False
        """A look at everything found a change that no hint had told of."""
        self.others = False
        """Whether somebody else was seen to change what we had put on JATOS."""
        self.totals = Totals()
        self.events: deque[Event] = deque()

    def say(self, name: str, level: Level = "info", **fields: object) -> None:
        """Something for the log."""
        self.events.append(Event(name, level, fields))

    def say_news(self) -> None:
        """Tell of each list of held paths once, when it begins."""
        for held in self.held.news():
            names = ", ".join(list(held.paths)[:SHOWN_PATHS])
            rest = len(held.paths) - SHOWN_PATHS
            more = f" and {rest} more" if rest > 0 else ""
            self.say("held", "warning", list=held.id, reason=held.reason, paths=names + more)

    def take_back(
        self, moot: Callable[[RelPath], bool], *, writes: set[RelPath], unsure: set[RelPath]
    ) -> None:
        """
        Forget what was said about paths for which it no longer holds.

        Args:
            moot: Whether what was said about a path was just decided anew.
            writes: The paths that are to be uploaded or deleted: they may still be refused.
            unsure: The paths that are held or asked for: they may still be held.
        """
        for path in [path for path in self.notes if moot(path)]:
            del self.notes[path]
        for path in [path for path in self.held.paths if moot(path) and path not in unsure]:
            self.held.release(path)
        for path in [path for path in self.refused if moot(path) and path not in writes]:
            self.refused.end(path)
