"""
What waits for a person: the page of a component, too many deletes, newly included files (law 10).

A delete is counted when it could start, with all that was decided until then: of a rename or a
build both halves are known by that time. What is held once stays held until a person approves, the
file is back, or its bytes turn up under another name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from jatossync.core.actions import Action, Change, Delete, Hold, HoldKind, Upload
from jatossync.core.holds import DELETES, Holds
from jatossync.core.limits import WINDOW_S, Limits, Named, counting, too_many
from jatossync.core.model import Past, Row, Verb
from jatossync.core.order import Item, Queue
from jatossync.core.paths import RelPath, fold

PAGE_REASON = (
    "the page of a component: participants would get an error "
    "(give the component another page in JATOS, or approve)"
)

GONE = "gone in this folder"

DOUBTFUL = (
    "gone while nothing ran, and most files are not as they were; on this kind of disk that may be "
    "another folder than before"
)


INCLUDED_REASON = "was ignored until the ignore rules changed; uploaded is published"

_PUBLISH = (HoldKind.INCLUDED, HoldKind.CONFLICT, HoldKind.DRIFT, HoldKind.OVERWRITES)
"""A yes to each of these is one to publishing the file, so that none asks for another for ever."""


class Records(Protocol):
    """What was agreed and what was done; state/store.py says what each of these means."""

    @property
    def files(self) -> int: ...
    def known(self, path: RelPath) -> bool: ...
    def rows(self, scope: Iterable[RelPath]) -> dict[RelPath, Row]: ...
    def past(self, seconds: float) -> list[Past]: ...


class Guard:
    """Keeps what is decided from going out; told of it, it says what waits."""

    def __init__(self, records: Records, holds: Holds, limits: Limits) -> None:
        self._records = records
        self._holds = holds
        self._limits = limits
        self._pages: frozenset[str] = frozenset()
        self._passed: dict[RelPath, Item] = {}
        """Deletes that were counted and may go; what is put into the queue anew is counted anew."""
        self._doubted: frozenset[RelPath] | None = None

    def doubt(self, missing: Callable[[], Iterable[RelPath]]) -> None:
        """
        What is `missing` at the first look at a folder that may be another one waits for a person.

        Unless it was renamed, or built anew under another name: another folder has no such files.
        """
        if self._doubted is None:
            self._doubted = frozenset(missing())

    def know_pages(self, pages: Iterable[RelPath]) -> list[RelPath]:
        """
        JATOS said what the pages of its components are.

        Returns:
            The paths that are to be decided anew because of it.
        """
        before, self._pages = self._pages, frozenset(map(fold, pages))
        if before == self._pages:
            return []
        return [path for path in self._held_paths(HoldKind.PAGE) if not self._is_page(path)]

    def vet(self, action: Action) -> Action:
        """A decided action, or what it has to wait as."""
        if not isinstance(action, Upload | Delete):
            return action
        path, approval = action.path, self._holds.approval(action.path)
        approved = approval.kind if approval is not None else None
        if isinstance(action, Upload):
            if action.entry.was_ignored and approved not in _PUBLISH:
                return Hold(path, HoldKind.INCLUDED, INCLUDED_REASON)
            return action
        if self._is_page(path) and approved is not HoldKind.PAGE:
            return Hold(path, HoldKind.PAGE, PAGE_REASON)
        if self._holds.kind(path) is HoldKind.DELETES and approved not in DELETES:
            return Hold(path, HoldKind.DELETES, GONE)
        return action

    def too_many(self, queue: Queue, unsure: Callable[[int], bool]) -> list[Hold]:
        """
        What of the deletes that wait has to wait for a person; the others have `passed` then.

        Args:
            unsure: Whether not all is decided of a burst: there may be the other half of a rename.
        """
        waiting = [
            item
            for item in queue.ready_deletes()
            if not unsure(item.burst) and not self._holds.may_delete(item.path)
        ]
        deletes = [item.action for item in waiting if isinstance(item.action, Delete)]
        uploads = [item.action for item in queue if item.open_upload]
        going = [item.action for item in queue if isinstance(item.action, Delete)]
        held = self._held(
            deletes,
            [each for each in uploads if isinstance(each, Upload)],
            sent=[each for each in going if each.path in queue.under_way],
            approved=[each for each in going if self._holds.may_delete(each.path)],
        )
        self._passed = {item.path: item for item in waiting}
        for hold in held:
            del self._passed[hold.path]
        return held

    def passed(self, item: Item) -> bool:
        """Whether this delete was counted, or a person said yes to it."""
        return self._passed.get(item.path) is item or self._holds.may_delete(item.path)

    def rehearse(self, changes: Iterable[Change]) -> list[Hold]:
        """What of these would wait for a person."""
        changes = list(changes)
        deletes = [each for each in changes if isinstance(each, Delete)]
        uploads = [each for each in changes if isinstance(each, Upload)]
        approved = [each for each in deletes if self._holds.may_delete(each.path)]
        others = [each for each in deletes if not self._holds.may_delete(each.path)]
        return self._held(others, uploads, approved=approved)

    def found_again(self) -> list[RelPath]:
        """What waits as a delete although its bytes are on JATOS under another name by now."""
        past = self._records.past(WINDOW_S)
        held = self._held_gone()
        counted = counting([*held, *_gone(past)], _new(past))
        return [each.path for each in held if each.path not in counted]

    # --- inside --------------------------------------------------------------------------------

    def _held(
        self,
        deletes: list[Delete],
        uploads: list[Upload],
        *,
        sent: Iterable[Delete] = (),
        approved: Iterable[Delete] = (),
    ) -> list[Hold]:
        """
        Args:
            sent: Deletes that are under way: too late to hold them, but they count.
            approved: Deletes that a person said yes to: they do not count, but are gone soon.
        """
        past = self._records.past(WINDOW_S)
        known, done = self._held_gone(), _gone(past)
        agreed = {each.path for each in approved}
        waiting = [
            Named(each.path, _digests(each))
            for each in (*deletes, *sent)
            if each.path not in agreed
        ]
        new = [*_new(past), *(Named(each.path, _digests(each)) for each in uploads)]
        counted = counting([*waiting, *known, *done], new)
        count = self._records.files
        going = {*(each.path for each in waiting), *agreed, *self._held_paths(*DELETES)}
        coming = {each.path for each in uploads}
        reason = too_many(
            len(counted),
            left=count - self._known(going) + len(coming) - self._known(coming),
            limits=self._limits,
        )
        paths = [each.path for each in deletes if each.path in counted]
        if reason is None:
            paths = [path for path in paths if path in (self._doubted or ())]
        return [
            Hold(path, HoldKind.DELETES, GONE, list_reason=reason or DOUBTFUL) for path in paths
        ]

    def _held_gone(self) -> list[Named]:
        paths = set(self._held_paths(HoldKind.DELETES))
        rows = self._records.rows(paths)  # and those below
        return [Named(path, frozenset({rows[path].content.sha256})) for path in paths & rows.keys()]

    def _held_paths(self, *kinds: HoldKind) -> list[RelPath]:
        return [path for path in self._holds.paths if self._holds.kind(path) in kinds]

    def _known(self, paths: Iterable[RelPath]) -> int:
        """How many of these JATOS has of us."""
        return sum(map(self._records.known, paths))

    def _is_page(self, path: RelPath) -> bool:
        return fold(path) in self._pages


def _digests(action: Delete | Upload) -> frozenset[str]:
    if isinstance(action, Upload):
        return frozenset({action.content.sha256})
    return frozenset(content.sha256 for content in action.replaceable)


def _gone(past: list[Past]) -> list[Named]:
    """What was deleted without having been approved, and is not there again."""
    last = {each.path: each for each in past}
    deleted = (each for each in last.values() if each.verb is Verb.DELETE and not each.approved)
    return [Named(each.path, _digest(each)) for each in deleted]


def _new(past: list[Past]) -> list[Named]:
    """What was uploaded, with all bytes that it had: it may be renamed first and edited then."""
    last = {each.path: each.verb for each in past}
    had: dict[RelPath, frozenset[str]] = {}
    for each in past:
        if each.verb is Verb.UPLOAD and last[each.path] is Verb.UPLOAD:
            had[each.path] = had.get(each.path, frozenset()) | _digest(each)
    return [Named(path, digests) for path, digests in had.items()]


def _digest(past: Past) -> frozenset[str]:
    return frozenset({past.sha256} if past.sha256 else ())
