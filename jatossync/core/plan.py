"""
The plan: what to do about each path, from what is here, what was agreed and what JATOS has.

A pure three-way comparison, design.md's table row by row: *local* (the snapshot's entry, None
where the path is surely absent) x *manifest row* x *seen* (what is known of JATOS, or None).
Nothing is written because of a listing alone: bytes that are other than expected, or missing, are
looked at by themselves first (a listing is no instant, and Adler-32 no proof).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Literal

from jatossync.core.actions import (
    Action,
    Adopt,
    Approval,
    Delete,
    Forget,
    Hash,
    Hold,
    HoldKind,
    Keep,
    Look,
    Note,
    Refresh,
    Relist,
    Topic,
    Upload,
)
from jatossync.core.model import (
    SMALL_BYTES,
    Attempt,
    Content,
    Doubt,
    Entry,
    Kind,
    Row,
    Seen,
    Snapshot,
)
from jatossync.core.paths import ROOT, RelPath, fold


@dataclass(frozen=True, slots=True)
class Policy:
    """What the user wants where both sides disagree."""

    drift: Literal["hold", "restore"] = "hold"
    conflict: Literal["keep-copy", "hold"] = "keep-copy"
    deletes: Literal["mirror", "keep"] = "mirror"


AGAIN = "changed on JATOS again after it was put back: somebody else mirrors this study too"

_FILES = (Kind.FILE, Kind.EMPTY, Kind.EXCLUDED, Kind.UNKNOWN)


def plan(
    local: Snapshot,
    manifest: Mapping[RelPath, Row],
    attempts: Mapping[RelPath, Sequence[Attempt]],
    seen: Callable[[RelPath], Seen | None],
    listed: Iterable[RelPath],
    policy: Policy,
    approved: Callable[[RelPath], Approval | None] = lambda _: None,
) -> list[Action]:
    """
    All actions for the scope of `local`, sorted by path.

    Args:
        manifest: The rows of the scope (others are left out).
        attempts: The unanswered requests of the scope, by path.
        seen: What is known of a path on JATOS.
        listed: Paths that JATOS has, to find those nobody here knows.
        approved: What a person said about a path.
    """
    known = (*manifest, *attempts, *_without_twins(listed, local))
    # An entry outside the scope is a directory above it that turned out to be none.
    paths = {path for path in {*known, *local.entries} if path != ROOT and local.covers(path)}
    actions = (
        decide(
            path,
            local.at(path),
            manifest.get(path),
            attempts.get(path, ()),
            seen(path),
            policy,
            approved(path),
        )
        for path in sorted(paths)
    )
    found = [action for action in actions if action is not None]
    return [*_unnameable(local), *found]


def _without_twins(listed: Iterable[RelPath], local: Snapshot) -> Iterator[RelPath]:
    """
    What JATOS has, but for other spellings of files that are here.

    Such a name is a file that is here, on a JATOS that ignores case or Unicode form, unless the
    listing shows both.
    """
    listed = frozenset(listed)
    here = {
        fold(path)
        for path, entry in local.entries.items()
        if entry.kind in _FILES and path not in listed
    }
    return (path for path in listed if path in local.entries or fold(path) not in here)


def _unnameable(local: Snapshot) -> Iterator[Note]:
    """What lies in a directory under names that cannot be a path: the directory speaks for it."""
    for path, entry in local.entries.items():
        if entry.kind is Kind.DIRECTORY and entry.reason:
            yield Note(path, Topic.UNHOLDABLE, entry.reason)


def decide(
    path: RelPath,
    local: Entry | None,
    row: Row | None,
    attempts: Sequence[Attempt],
    seen: Seen | None,
    policy: Policy,
    approval: Approval | None = None,
) -> Action | None:
    """What to do about one path; None where it is in step."""
    policy = _as_approved(policy, approval, seen)
    if local is None or local.kind is Kind.DIRECTORY:
        # A directory where the row has a file: the asset is gone here and stands in the way there.
        return _gone(path, row, attempts, seen, policy)
    if local.kind is not Kind.FILE:
        return _left_alone(path, local, row)
    if local.content is None:
        assert local.stat is not None, "the scan leaves out only what it has seen"
        return Hash(path, local.stat)
    if row is not None and row.content == local.content and all(each.late for each in attempts):
        return _agreed(path, local, row, attempts, seen, policy, asked=approval is not None)
    return _changed(path, local, local.content, row, attempts, seen, policy)


def _as_approved(policy: Policy, approval: Approval | None, seen: Seen | None) -> Policy:
    """What the user wants of this path, who was asked: ours wins over what they saw on JATOS."""
    if approval is None or not approval.covers(seen):
        return policy
    match approval.kind:
        case HoldKind.DRIFT:
            return replace(policy, drift="restore")
        case HoldKind.CONFLICT:
            return replace(policy, conflict="keep-copy")
        case HoldKind.PAGE | HoldKind.DELETES if approval.seen is not None:
            return replace(policy, conflict="keep-copy")  # they said so before
    return policy


# --- bytes that are here --------------------------------------------------------------------------


def _agreed(
    path: RelPath,
    local: Entry,
    row: Row,
    attempts: Sequence[Attempt],
    seen: Seen | None,
    policy: Policy,
    *,
    asked: bool,
) -> Action | None:
    """JATOS acknowledged these very bytes. Does it still have them? `asked`: a person was."""
    if seen is None:
        return _refresh(local, row, row.remote_ms)
    match _compare(seen, row.content):
        case _Match.SAME:
            return _refresh(local, row, seen.modified_ms or row.remote_ms)
        case _Match.LIKELY:
            remote_ms = seen.modified_ms or row.remote_ms
            touched = row.remote_ms is not None and remote_ms != row.remote_ms
            if touched and row.content.size <= SMALL_BYTES and not seen.looked:
                return Look(path)
            return _refresh(local, row, remote_ms)
        case _Match.OTHER:
            if not seen.looked:
                return _ask(path, seen)
            if any(_led_to(seen, attempt) for attempt in attempts):
                return Upload(path, local, row.content, frozenset(_ours(row, attempts)))
            if policy.drift == "restore" and row.put_back and not asked:
                # Once is help. Again and again would be two programs fighting over a study.
                return Hold(path, HoldKind.DRIFT, AGAIN, seen)
            return _drift(path, local, row, seen, policy)


def _drift(path: RelPath, local: Entry, row: Row, seen: Seen, policy: Policy) -> Action:
    """Somebody changed or removed on JATOS what we had put there."""
    what = "removed" if seen.size is None else "changed"
    if policy.drift == "hold":
        return Hold(path, HoldKind.DRIFT, f"{what} on JATOS", seen)
    if seen.size is None:
        return Upload(path, local, row.content)
    return _replace(path, local, row.content, {row.content}, seen, f"{what} on JATOS")


def _changed(
    path: RelPath,
    local: Entry,
    content: Content,
    row: Row | None,
    attempts: Sequence[Attempt],
    seen: Seen | None,
    policy: Policy,
) -> Action:
    """JATOS has never acknowledged these bytes, or something unanswered was sent since."""
    ours = _ours(row, attempts)
    if seen is None and row is not None and row.content == content:
        return Look(path)
    if seen is None or seen.size is None:
        return Upload(path, local, content, frozenset(ours))
    match _compare(seen, content):
        case _Match.SAME:
            return Adopt(path, local, content, proven=True, remote_ms=seen.modified_ms)
        case _Match.LIKELY if seen.adler32 is not None:
            if content.size <= SMALL_BYTES and not seen.looked:
                return Look(path)
            if not any(_alike(mine, content) for mine in ours):
                return Adopt(path, local, content, proven=False, remote_ms=seen.modified_ms)
    if any(_compare(seen, mine) is not _Match.OTHER for mine in ours):
        return Upload(path, local, content, frozenset(ours))
    if not seen.looked:
        return Look(path)
    if _compare(seen, content) is _Match.LIKELY:
        return Look(path, whole=True)  # of a large file without a listing only the size is known
    if policy.conflict == "hold":
        why = "changed on both sides" if row else "lies on JATOS with other bytes"
        return Hold(path, HoldKind.CONFLICT, why, seen)
    return _replace(path, local, content, ours, seen, "overwritten by the file of this folder")


def _alike(mine: Content, content: Content) -> bool:
    """Whether a listing cannot tell other bytes of ours from these."""
    return mine != content and (mine.size, mine.adler32) == (content.size, content.adler32)


def _replace(
    path: RelPath, local: Entry, content: Content, ours: set[Content], seen: Seen, why: str
) -> Action:
    """Overwrite bytes that are not ours, once they are kept (law 4)."""
    kept = _kept(seen)
    if kept is None:
        return Keep(path, why)
    return Upload(path, local, content, frozenset(ours | {kept}))


def _refresh(local: Entry, row: Row, remote_ms: int | None) -> Refresh | None:
    """Let the row follow a stat that moved without the bytes."""
    stat = local.stat or row.stat
    hashed_at_ns = local.hashed_at_ns or row.hashed_at_ns
    newer = replace(row, stat=stat, hashed_at_ns=hashed_at_ns, remote_ms=remote_ms)
    return None if newer == row else Refresh(newer)


# --- no file here ---------------------------------------------------------------------------------


def _gone(
    path: RelPath,
    row: Row | None,
    attempts: Sequence[Attempt],
    seen: Seen | None,
    policy: Policy,
) -> Action | None:
    """The file is surely absent. Is there something of ours to delete?"""
    ours = _ours(row, attempts)
    if not ours:
        if seen is not None and seen.size is not None:
            return Note(path, Topic.FOREIGN, "only on JATOS, never ours: left alone")
        return Forget(path) if attempts else None
    if seen is not None and seen.size is None:
        return Forget(path) if seen.looked else _ask(path, seen)
    if policy.deletes == "keep":
        return Note(path, Topic.KEPT, "gone here, left there as `deletes.mode: keep` says")
    if seen is None:
        return Look(path) if row is None else Delete(path, frozenset(ours))
    if seen.doubt is Doubt.ELSEWHERE:
        return Note(path, Topic.UNHOLDABLE, "JATOS has it, but lists no such name: left alone")
    if any(_compare(seen, mine) is not _Match.OTHER for mine in ours):
        return Delete(path, frozenset(ours))
    if not seen.looked:
        return Look(path)
    if policy.conflict == "hold":
        return Hold(path, HoldKind.CONFLICT, "deleted here, changed on JATOS", seen)
    kept = _kept(seen)
    if kept is not None:
        return Delete(path, frozenset(ours | {kept}))
    return Keep(path, "deleted in this folder after somebody changed it on JATOS")


def _left_alone(path: RelPath, local: Entry, row: Row | None) -> Note | None:
    """Not a file that takes part: nothing on JATOS changes because of it (laws 2 and 10)."""
    match local.kind:
        case Kind.EMPTY:
            why = "empty; JATOS stores no empty files"
            if row is not None:
                why += ", so the last full version stays there"
            return Note(path, Topic.EMPTY, why)
        case Kind.SPECIAL:
            return Note(path, Topic.SPECIAL, local.reason)
        case Kind.UNKNOWN:
            return Note(path, Topic.UNKNOWN, local.reason)
        case _ if local.quarantined:
            return Note(path, Topic.QUARANTINED, local.reason)
    return None


# --- what is known of JATOS -----------------------------------------------------------------------


def _ask(path: RelPath, seen: Seen) -> Look | Relist:
    """Nothing is believed because of a listing alone, and an absence only after two of them."""
    return Relist(path) if seen.doubt is Doubt.ONCE else Look(path)


class _Match(Enum):
    SAME = "the very bytes"
    LIKELY = "same size, and nothing that speaks against it"
    OTHER = "other bytes, or none"


def _compare(seen: Seen, content: Content) -> _Match:
    if seen.size != content.size:
        return _Match.OTHER
    if seen.sha256 is not None:
        return _Match.SAME if seen.sha256 == content.sha256 else _Match.OTHER
    if seen.adler32 is not None and seen.adler32 != content.adler32:
        return _Match.OTHER
    return _Match.LIKELY


def _led_to(seen: Seen, attempt: Attempt) -> bool:
    """Whether what lies there can have come of it."""
    if attempt.content is None:
        return seen.size is None
    return _compare(seen, attempt.content) is not _Match.OTHER


def _ours(row: Row | None, attempts: Sequence[Attempt]) -> set[Content]:
    """All bytes that lie on JATOS because of us, or may."""
    ours = {attempt.content for attempt in attempts if attempt.content is not None}
    if row is not None:
        ours.add(row.content)
    return ours


def _kept(seen: Seen) -> Content | None:
    """The identity of what lies there, if it is in the trash."""
    if not seen.kept or seen.size is None or seen.sha256 is None or seen.adler32 is None:
        return None
    return Content(seen.size, seen.sha256, seen.adler32)
