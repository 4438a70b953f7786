"""
What waits for a person: held lists, and what people have approved of them.

What is found together forms one list, with one id and one decision. A path is in one list at most;
it leaves when both sides agree again, when there is nothing left to decide, or when a person said
yes. A list that becomes empty is gone. Lists and approvals outlive the process (`Shelf`); an
approval is given by another process, into the same state, whether or not a daemon runs.

To hold a path: let `plan.decide` (or a guard of the engine) answer with a `Hold` of the right kind.
To go on once a person said yes: ask `Holds.approval(path)`, and check `Approval.covers` first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from jatossync.core.actions import (
    Action,
    Approval,
    Delete,
    Hash,
    Hold,
    HoldKind,
    Keep,
    Look,
    Note,
    Relist,
    Upload,
)
from jatossync.core.model import Seen
from jatossync.core.paths import RelPath, below

TOGETHER_S = 10.0
"""What is found within so long of a list's beginning belongs to it."""


_OF_JATOS = (HoldKind.OVERWRITES, HoldKind.DRIFT, HoldKind.CONFLICT)
"""Held because of what lies on JATOS."""

DELETES = (HoldKind.DELETES, HoldKind.PAGE)
"""Held because it is gone here."""


@dataclass(slots=True)
class HeldList:
    """Paths that wait for one decision."""

    id: str
    """What people call it: four hexadecimal digits or more. Empty in a rehearsal (`plan`)."""
    kind: HoldKind
    reason: str
    """Why these wait, for people."""
    at: float
    """When it was found: seconds since 1970."""
    paths: dict[RelPath, Hold] = field(default_factory=dict)
    """Each with what was seen of it."""


class Shelf(Protocol):
    """Where lists and approvals outlive the process; state/holds.py says what each means."""

    def lists(self) -> list[HeldList]: ...
    def open(self, kind: HoldKind, reason: str) -> HeldList: ...
    def put(self, held: HeldList, hold: Hold) -> None: ...
    def remove(self, path: RelPath) -> None: ...
    def approvals(self) -> dict[RelPath, Approval]: ...
    def settle(self, path: RelPath) -> None: ...


class Holds:
    """All held lists, oldest first, and the approvals that are not used up."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._lists = shelf.lists()
        self._of = {path: held for held in self._lists for path in held.paths}
        self._growing: dict[HoldKind, _Growing] = {}
        self._doubt_since_s = self._doubt_until_s = -math.inf
        self._news: list[HeldList] = []
        self._approvals: dict[RelPath, Approval] = {}
        self.reread()

    def __iter__(self) -> Iterator[HeldList]:
        return iter(self._lists)

    def __len__(self) -> int:
        return len(self._lists)

    def __contains__(self, path: object) -> bool:
        return path in self._of

    @property
    def paths(self) -> list[RelPath]:
        """All paths that are held."""
        return list(self._of)

    def kind(self, path: RelPath) -> HoldKind | None:
        """What `path` waits for, if it does."""
        held = self._of.get(path)
        return held.kind if held is not None else None

    def seen(self, path: RelPath) -> Seen | None:
        """What lay on JATOS when `path` was held for it."""
        held = self._of.get(path)
        return held.paths[path].seen if held is not None and held.kind in _OF_JATOS else None

    def waits(self, kind: HoldKind) -> bool:
        """Whether anything of this kind waits, for a person or for what was approved to be done."""
        approved = any(approval.kind is kind for approval in self._approvals.values())
        return approved or any(held.kind is kind for held in self._lists)

    def hold(self, hold: Hold, burst: int, now_s: float) -> None:
        """
        A path waits for a person from now on, or still does.

        Args:
            burst: What was found in one burst is one list, however long it takes to find it all.
        """
        held = self._of.get(hold.path)
        if held is None or held.kind is not hold.kind:
            self.release(hold.path)
            held = self._growing_list(hold, burst, now_s)
            self._of[hold.path] = held
        held.reason = hold.list_reason or held.reason
        if held.paths.get(hold.path) != hold:
            held.paths[hold.path] = hold
            self._shelf.put(held, hold)

    def doubt(self, now_s: float, until_s: float) -> None:
        """What another listing shows by then is found together with what is found now."""
        if now_s >= self._doubt_until_s:
            self._doubt_since_s = now_s
        self._doubt_until_s = until_s

    def release(self, path: RelPath) -> None:
        """`path` no longer waits."""
        held = self._of.pop(path, None)
        if held is None:
            return
        del held.paths[path]
        self._shelf.remove(path)
        if not held.paths:
            self._lists.remove(held)
            self._news = [other for other in self._news if other is not held]
            self._growing = {k: each for k, each in self._growing.items() if each.held is not held}

    def news(self) -> list[HeldList]:
        """The lists that began since this was last asked."""
        news, self._news = self._news, []
        return news

    # --- what people said ----------------------------------------------------------------------

    def approval(self, path: RelPath) -> Approval | None:
        """What a person said about `path`."""
        return self._approvals.get(path)

    def may_delete(self, path: RelPath) -> bool:
        """Whether a person said yes to deleting `path`; to overwriting is another question."""
        approval = self._approvals.get(path)
        return approval is not None and approval.kind in DELETES

    def settle(self, path: RelPath) -> None:
        """What was approved is done, or there is nothing left to do: the approval is used up."""
        if self._approvals.pop(path, None) is not None:
            self._shelf.settle(path)

    @property
    def approved(self) -> list[RelPath]:
        """All paths with an approval that is not used up."""
        return list(self._approvals)

    def review(self, path: RelPath, action: Action | None) -> None:
        """`path` was decided anew (None: in step): its approval may no longer matter."""
        approval = self._approvals.get(path)
        if approval is not None and _used_up(approval, action):
            self.settle(path)

    def reread(self) -> list[RelPath]:
        """People may have said something: the paths that are approved now and were not before."""
        before, self._approvals = self._approvals, self._shelf.approvals()
        fresh = [path for path, said in self._approvals.items() if before.get(path) != said]
        for path in fresh:
            self.release(path)
        return fresh

    # --- inside --------------------------------------------------------------------------------

    def _growing_list(self, hold: Hold, burst: int, now_s: float) -> HeldList:
        """The list that this belongs to: what is found together, or a moment later."""
        growing = self._growing.get(hold.kind)
        if growing is not None and self._is_together(growing, burst, now_s):
            self._growing[hold.kind] = replace(growing, burst=burst)
            return growing.held
        held = self._shelf.open(hold.kind, hold.list_reason or hold.why)
        self._growing[hold.kind] = _Growing(held, burst, now_s)
        self._lists.append(held)
        self._news.append(held)
        return held

    def _is_together(self, growing: _Growing, burst: int, now_s: float) -> bool:
        """Whether what is found now belongs to a list that began a while ago."""
        doubted = abs(growing.since_s - self._doubt_since_s) < TOGETHER_S
        return (
            growing.burst == burst
            or now_s - growing.since_s < TOGETHER_S
            or (doubted and now_s < self._doubt_until_s)
        )


@dataclass(frozen=True, slots=True)
class _Growing:
    held: HeldList
    burst: int
    since_s: float


def _used_up(approval: Approval, action: Action | None) -> bool:
    """Whether what was approved is no longer what is to be done."""
    match action:
        case Upload():  # the file is back
            return approval.kind in DELETES
        case Delete():  # the file that was to be written is gone
            return approval.kind not in (*DELETES, HoldKind.CONFLICT)
        case Look() | Relist() | Keep() | Hash() | Note():
            return False
    return True


class Rehearsal:
    """A shelf that shows what is on another one and keeps nothing: `plan` changes no state."""

    def __init__(self, real: Shelf) -> None:
        self._real = real

    def lists(self) -> list[HeldList]:
        return self._real.lists()

    def open(self, kind: HoldKind, reason: str) -> HeldList:
        return HeldList("", kind, reason, 0.0)

    def put(self, held: HeldList, hold: Hold) -> None:
        pass

    def remove(self, path: RelPath) -> None:
        pass

    def approvals(self) -> dict[RelPath, Approval]:
        return self._real.approvals()

    def settle(self, path: RelPath) -> None:
        pass


# --- what to approve ------------------------------------------------------------------------------

_ALL = (HoldKind.DELETES, HoldKind.OVERWRITES)


def chosen_all(lists: Iterable[HeldList]) -> list[Hold]:
    """`approve --all`: every list of deletes and of overwrites, and nothing else (law 11)."""
    return [hold for held in lists if held.kind in _ALL for hold in held.paths.values()]


def chosen_list(lists: Iterable[HeldList], id_: str) -> list[Hold]:
    """`approve ID`: exactly the paths that are in the list now; none if there is no such list."""
    return [hold for held in lists if held.id == id_ for hold in held.paths.values()]


def chosen_path(lists: Iterable[HeldList], path: RelPath) -> list[Hold]:
    """`approve PATH`: this one, or all that is held below this directory."""
    return [hold for held in lists for at, hold in held.paths.items() if below(at, path)]


def chosen(lists: Iterable[HeldList], wanted: Mapping[str, Iterable[str]]) -> list[Hold]:
    """Exactly these paths of these lists, by the lists' ids, as far as they still wait in them."""
    return [
        hold
        for held in lists
        for path in wanted.get(held.id, ())
        if (hold := held.paths.get(RelPath(path))) is not None
    ]
