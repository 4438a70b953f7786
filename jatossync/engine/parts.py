"""
What the rooms of the engine share: `Parts` holds what is known and what is to be done.

Nothing is decided here. `Room` is the base class that gives every room access to it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from jatossync.core.actions import Change
from jatossync.core.contact import Contact
from jatossync.core.debounce import Debounce
from jatossync.core.evidence import Evidence, still_held
from jatossync.core.gitwait import GitWait
from jatossync.core.guard import Guard
from jatossync.core.holds import Holds, Rehearsal
from jatossync.core.jobs import Result, Stopped, Unavailable
from jatossync.core.late import Late
from jatossync.core.link import Link
from jatossync.core.model import Attempt, Listing, Seen, Snapshot
from jatossync.core.order import Queue
from jatossync.core.pace import Pace
from jatossync.core.paths import ROOT, RelPath, within
from jatossync.core.ports import Settings, Store
from jatossync.core.questions import Questions
from jatossync.core.refusals import Refusals
from jatossync.core.report import Report
from jatossync.core.waits import Waits

SETTLING_S = 1.0
"""So long, beyond the quiet window, a path that is being written holds up what goes after it: a log
never rests."""

LOSSES_THAT_REFUSE = 5
"""So often a path may end without an answer before it stops holding up the others."""

RELIST_S = 5.0
"""At least so long between two listings: JATOS hashes the whole study for each."""

VERIFY_SHARE = 20
"""JATOS is not kept busy listing for more than a twentieth of the time."""

NEW_FILE_WAIT_S = 30.0
"""A file JATOS has never had may grow for so long before what is there goes up."""


@dataclass(slots=True)
class Pass:
    """One look at the folder, and at JATOS where a listing is wanted."""

    number: int
    scope: frozenset[RelPath]
    began_s: float
    routine: bool
    """Nothing hints at a change: it is just time to look."""
    listing: Literal["needless", "wanted", "asked", "here", "not to be had"]
    snapshot: Snapshot | None = None
    listed_s: float = -math.inf
    """When the listing was asked for."""
    hinted: frozenset[RelPath] = frozenset([ROOT])
    """Where changes were to be expected; the rest is a matter of routine."""

    def covers(self, path: RelPath) -> bool:
        """Whether it looks at `path`."""
        return within(path, self.scope)


@dataclass(slots=True)
class Listings:
    """When JATOS lists the study, and what became of it."""

    wanted: bool = True
    possible: bool = True
    """Whether the last one could be had."""
    compared: bool = False
    """Whether both sides were compared since JATOS was last away."""
    next_s: float = 0.0
    """When to verify."""
    asked_s: float = -math.inf
    took_s: float = 0.0
    """How long the last one took."""
    verified_s: float | None = None
    """When the last one was asked for that all was compared with."""

    _before_s: float = math.inf
    """How long the one before took; there was none: for ever."""
    _lost: int = 0
    """So many in a row ended without an answer."""

    def begin(self, now_s: float, verify_s: float) -> None:
        """JATOS is asked for one, and for the next after `verify_s`."""
        self.wanted = False
        self.asked_s = now_s
        self.next_s = now_s + verify_s

    def end(self, result: Result, now_s: float) -> None:
        """
        One that was lost is asked for again; where they take long, they are asked for later.

        How long the last two took at least: one that was held up is no measure.
        """
        self.took_s = now_s - self.asked_s
        usual_s, self._before_s = min(self.took_s, self._before_s), self.took_s
        self._lost = self._lost + 1 if isinstance(result, Unavailable) else 0
        lost = isinstance(result, Stopped) or 0 < self._lost < LOSSES_THAT_REFUSE
        self.possible = isinstance(result, Listing)
        self.compared = not lost
        if lost:
            self.next_s = now_s + RELIST_S
        else:
            self.next_s = max(self.next_s, now_s + VERIFY_SHARE * usual_s)

    def hurry(self, at_s: float) -> None:
        """Verify at `at_s`, if not sooner."""
        self.next_s = min(self.next_s, at_s)


class Parts:
    """All state of the engine; all times are seconds of one monotonic clock."""

    def __init__(self, store: Store, settings: Settings, jitter: Callable[[], float]) -> None:
        self.store = store
        self.settings = settings
        self.link = Link(jitter)
        self.holds = Holds(Rehearsal(store.holds) if settings.dry_run else store.holds)
        self.refusals = Refusals(store.refusals, rehearsal=settings.dry_run)
        self.report = Report(self.holds, self.refusals)
        self.guard = Guard(store, self.holds, settings.limits)
        first = not store.files
        self.contact = Contact(self.holds, settings.limits, store.known, first=first)
        self.pace = Pace(settings.max_wait_s)
        self.git = GitWait()
        self.late = Late()
        self.waits = Waits()
        self.dirty = Debounce(settings.quiet_s)
        self.evidence = Evidence({*store.paths(), *store.attempts([ROOT])})
        self.queue = Queue(settings.workers)
        self.questions = Questions(settings.workers)
        self.listings = Listings()
        self.planned: list[Change] = []
        """What would be done (`dry_run`)."""
        self.current: Pass | None = None
        self.rounds = 0
        """Our own numbers of bursts."""
        self.bursts: dict[int, int] = {}
        """Our numbers of bursts to the store's."""
        self.unseen_until_s: dict[RelPath, float] = {}
        """Paths that could not be looked at, and until when that is not tried again."""
        self.again: set[RelPath] = set()
        """Paths to look at again once they are no longer busy."""
        self.rules_in_doubt = False
        """Whether `.jatosignore` is missing or cannot be read, and may be back in a moment."""

    def hint(self, path: RelPath, now_s: float) -> None:
        """Something may have happened at `path` or below it (law 1)."""
        known = self.store.known(path)
        self.dirty.mark(path, now_s, self.settings.max_wait_s if known else NEW_FILE_WAIT_S)

    def lost(self, now_s: float) -> None:
        """Hints may have been missed: look at everything."""
        self.dirty.visit(ROOT, now_s)

    def decide_anew(self, path: RelPath, now_s: float) -> None:
        """Something else than the file at `path` is not what it was when it was decided about."""
        self.dirty.mark(path, now_s, max_wait_s=0.0)

    def look_again(self, path: RelPath, now_s: float) -> None:
        """A pass had to leave `path` out while it was busy."""
        if path in self.again:
            self.again.discard(path)
            self.hint(path, now_s)

    def busy(self) -> set[RelPath]:
        """The paths with a request or a hash under way: they stay out of every plan."""
        return self.queue.under_way | self.questions.under_way

    def seen(self, path: RelPath) -> Seen | None:
        """What is known of `path` on JATOS."""
        return still_held(self.evidence.seen(path), self.holds.seen(path))

    def attempts(self, scope: Iterable[RelPath]) -> dict[RelPath, list[Attempt]]:
        """What had no answer, and whether JATOS may yet act on it."""
        found = self.store.attempts(scope)
        for path in found.keys() & self.late.paths:
            open_ = self.late.of(path)
            found[path] = [replace(each, late=each.content in open_) for each in found[path]]
        return found

    def acknowledged(self, path: RelPath) -> None:
        """What is agreed of `path` may be another now: what may come late is measured by it."""
        if path in self.late.paths:
            row = self.store.rows([path]).get(path)
            self.late.acknowledged(path, row.content if row is not None else None)

    def left(self) -> Iterable[RelPath]:
        """All paths for which something is to be done or to be found out."""
        yield from self.dirty
        for item in self.queue:
            yield item.path
        for question in self.questions:
            yield question.job.path
        yield from self.contact.waiting

    def is_left(self, path: RelPath) -> bool:
        """Whether `path` is one of them, or is being looked at."""
        current = self.current
        looking = current is not None and not current.routine and current.covers(path)
        asked = path in self.questions or path in self.contact.waiting
        return looking or asked or path in self.dirty or path in self.queue


class Room:
    """
    Base of the rooms: the shared parts under short names, the same objects in every room.

    What is replaced as a whole, such as `Parts.current`, is reached through `_parts`.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._store = parts.store
        self._settings = parts.settings
        self._link = parts.link
        self._report = parts.report
        self._holds = parts.holds
        self._refusals = parts.refusals
        self._guard = parts.guard
        self._contact = parts.contact
        self._pace = parts.pace
        self._git = parts.git
        self._late = parts.late
        self._waits = parts.waits
        self._dirty = parts.dirty
        self._evidence = parts.evidence
        self._queue = parts.queue
        self._questions = parts.questions
        self._listings = parts.listings
        self._planned = parts.planned
