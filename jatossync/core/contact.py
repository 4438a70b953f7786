"""
First contact: what lies on JATOS and was never ours, and differs from what is here (law 11).

A few such files are replaced, theirs being kept first. Many wait for a person: it may be the wrong
study, or somebody else's newer work. They are counted together, once all that is on both sides was
looked at; so each waits here for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from jatossync.core.actions import Action, Adopt, Change, Hold, HoldKind, Keep, Upload
from jatossync.core.holds import Holds
from jatossync.core.limits import FEW, Limits
from jatossync.core.model import Seen
from jatossync.core.paths import RelPath
from jatossync.core.questions import Open

FIRST_CONTACT = "first contact"
"""The name of the event with the sum of what was found."""

DIFFERS = "lies on JATOS with other bytes"

SeenOf = Callable[[RelPath], Seen | None]


def summed_up(equal: int, differ: int, foreign: int, new: int, *, held: bool) -> str:
    """
    The numbers of files at first contact, for people.

    Args:
        held: Whether those that differ wait for a person.
    """
    counts = {
        "equal": equal,
        "different " + ("(waiting for you)" if held else "(theirs go to the trash)"): differ,
        "only on JATOS (left alone)": foreign,
        "to upload": new,
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "no files"


class Contact:
    """
    Args:
        known: Whether JATOS has acknowledged something under a path.
        first: Whether nothing at all was ever acknowledged: then what is found is summed up once.
    """

    def __init__(
        self, holds: Holds, limits: Limits, known: Callable[[RelPath], bool], *, first: bool
    ) -> None:
        self._holds = holds
        self._limits = limits
        self._known = known
        self._first = first
        self._waiting: dict[RelPath, Open] = {}
        self._equal: set[RelPath] = set()
        self._differ: set[RelPath] = set()
        self._new: set[RelPath] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def concluded(self) -> bool:
        """Whether first contact is over: all was looked at, and summed up."""
        return not self._first

    @property
    def waiting(self) -> Collection[RelPath]:
        """Paths that differ and wait for the others."""
        return self._waiting.keys()

    def vet(self, action: Action, seen: SeenOf) -> Action:
        """A decided action, or what it waits as: what is held stays so until a person approves."""
        if not isinstance(action, Keep | Upload):
            return action
        path, now = action.path, seen(action.path)
        if self._is_overwrite(path):
            approval, there = self._holds.approval(path), now is not None and now.size is not None
            # Written there since. Where nothing lies, an upload that finds something asks anew.
            waits = approval is not None and there and not approval.covers(now)
        else:
            held = self._holds.kind(path) is HoldKind.OVERWRITES
            waits = isinstance(action, Keep) and held
        return Hold(path, HoldKind.OVERWRITES, DIFFERS, now) if waits else action

    def count(self, action: Action) -> None:
        """Sum up what is found at first contact."""
        if not self._first:
            return
        match action:
            case Adopt():
                self._sort(action.path, self._equal)
            case Keep():
                self._sort(action.path, self._differ)
            case Upload() if action.path not in self._differ:
                self._sort(action.path, self._new)

    def takes(self, question: Open) -> bool:
        """Let it wait here for the others, if it is one to be counted."""
        path = question.job.path
        if self._known(path) or self._is_overwrite(path):
            return False
        self._waiting[path] = question
        return True

    def drop(self, path: RelPath) -> None:
        """Something else is to be done about `path`."""
        self._waiting.pop(path, None)

    def verdict(self, seen: SeenOf) -> tuple[list[Open], list[Hold]]:
        """All is looked at: what goes on, and what waits for a person."""
        waiting, self._waiting = self._waiting, {}
        reason = self._too_many(waiting)
        if reason is None:
            return list(waiting.values()), []
        return [], [
            Hold(path, HoldKind.OVERWRITES, DIFFERS, seen(path), reason) for path in waiting
        ]

    def rehearse(self, changes: Iterable[Change], seen: SeenOf) -> list[Hold]:
        """What of these would wait for a person."""
        for change in changes:
            if isinstance(change, Keep):
                self.takes(Open(change, None, 0))
        return self.verdict(seen)[1]

    def summary(self, foreign: int) -> str:
        """What was found; first contact is concluded by it."""
        self._first = False
        held = any(self._holds.kind(path) is HoldKind.OVERWRITES for path in self._differ)
        equal, differ, new = map(len, (self._equal, self._differ, self._new))
        return summed_up(equal, differ, foreign, new, held=held)

    def _sort(self, path: RelPath, into: set[RelPath]) -> None:
        for paths in (self._equal, self._differ, self._new):
            paths.discard(path)
        into.add(path)

    def _is_overwrite(self, path: RelPath) -> bool:
        """Whether a person said yes to this one; a yes to a conflict is one to overwriting."""
        approval = self._holds.approval(path)
        kinds = (HoldKind.OVERWRITES, HoldKind.CONFLICT)
        return approval is not None and approval.kind in kinds

    def _too_many(self, waiting: Iterable[RelPath]) -> str | None:
        held = {path for path in self._holds.paths if self._holds.kind(path) is HoldKind.OVERWRITES}
        differ = len(held.union(waiting))
        both = differ + len(self._equal)
        files, share = self._limits.max_files, self._limits.max_share
        if differ > files:
            return (
                f"{differ} files differ from those on JATOS, more than deletes.max_files ({files})"
            )
        if differ >= FEW and differ > share * both:
            return (
                f"{differ} of {both} files differ from those on JATOS, more than "
                f"deletes.max_share ({share:.0%})"
            )
        return None
