"""What people are told: what waits for them, what was left out and why, and what happened."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from jatossync.core.model import Entry, Hold, Note
from jatossync.core.paths import RelPath
from jatossync.core.watching import Watching

Level = Literal["debug", "info", "warning", "error"]


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


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why JATOS does not take a path."""

    reason: str
    entry: Entry | None = None
    """The file that is refused for good; None where it is tried again."""


class Report:
    """Kept by the engine, read by the commands."""

    def __init__(self) -> None:
        self.notes: dict[RelPath, Note] = {}
        self.held: dict[RelPath, Hold] = {}
        self.refused: dict[RelPath, Refusal] = {}
        self.root_trouble: str | None = None
        """Why nothing can be concluded from the folder (law 2)."""
        self.watching: Watching | None = None
        """How changes are noticed; None where nobody waits for any."""
        self.totals = Totals()
        self.events: deque[Event] = deque()

    def say(self, name: str, level: Level = "info", **fields: object) -> None:
        """Something for the log."""
        self.events.append(Event(name, level, fields))

    def hold(self, hold: Hold) -> None:
        """`hold` waits for a person; said once."""
        known = self.held.get(hold.path)
        self.held[hold.path] = hold
        if known is None or known.why != hold.why:
            self.say("held", "warning", path=hold.path, reason=hold.why)

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
        for path in [path for path in self.held if moot(path) and path not in unsure]:
            del self.held[path]
        for path in [path for path in self.refused if moot(path) and path not in writes]:
            del self.refused[path]
