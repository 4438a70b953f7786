"""
Passes: scan a scope, ask JATOS for a listing where one is wanted, then plan from both.

A pass begins when paths are dirty, or when it is time to look at everything again (rescan, verify).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Set
from dataclasses import replace
from typing import Literal

from jatossync.core.actions import (
    Action,
    Delete,
    HoldKind,
    Note,
    Refresh,
    Topic,
    Unsure,
    Upload,
)
from jatossync.core.included import RuleMemory
from jatossync.core.jobs import (
    Job,
    List,
    NoListing,
    Refused,
    Result,
    RootGone,
    Scan,
    Stop,
    Stopped,
    Unavailable,
)
from jatossync.core.model import Entry, Kind, Listing, Row, Snapshot
from jatossync.core.passage import blocked
from jatossync.core.paths import ROOT, RelPath, minimal, unholdable
from jatossync.core.plan import plan
from jatossync.core.rereading import Rereading
from jatossync.core.unheard import unheard
from jatossync.engine.decisions import Decisions, Round
from jatossync.engine.meeting import Meeting
from jatossync.engine.parts import SETTLING_S, Parts, Pass, Room

MANY_WRITES = 50
"""A burst larger than this is looked at by one listing instead of path by path."""

RULES_AGAIN_S = 10.5
"""When to read `.jatosignore` again that is missing, empty or unreadable: it counts after 10 s."""

ROOT_RETRY_S = 1.0
"""How often to see whether a folder that is gone is back."""


class Passes(Room):
    """One pass at a time, over what is dirty or due to be looked at again."""

    def __init__(self, parts: Parts, decisions: Decisions, meeting: Meeting) -> None:
        super().__init__(parts)
        self._decisions = decisions
        self._meeting = meeting
        self._rules = RuleMemory(parts.store.rules, rehearsal=parts.settings.dry_run)
        self._rereading = Rereading()
        self._rescan_s = 0.0
        self.begun = 0
        """How many passes have begun."""
        self._lister: Pass | None = None
        """The pass that a listing was asked for; by the time it is here, there may be another."""
        self._last_round_s = self._burst_began_s = -math.inf

    def wake_s(self, now_s: float) -> float | None:
        """When the next one may begin; None: not before this one ends."""
        if self._parts.current is not None:
            return None
        dirty_s = self._dirty.wake_s(now_s, self._parts.busy())
        times = [dirty_s, self._rescan_s, self._listings.next_s, self._rereading.next_s]
        return min(at_s for at_s in times if at_s is not None)

    def start(self, now_s: float) -> list[Job]:
        """The scan that begins the next pass, if there is a reason for one."""
        if self._parts.current is not None:
            return []
        hinted = scope = self._dirty.take(now_s, self._parts.busy())
        routine = not scope and self._listings.compared and self.begun > 0
        if now_s >= self._listings.next_s:
            self._listings.wanted = True
        if now_s >= min(self._rescan_s, self._listings.next_s):
            scope |= {ROOT}
        if not scope:
            return self._start_rereading(now_s)
        scope = minimal(scope)
        if ROOT in scope:
            first, self._rescan_s = not self._rescan_s, now_s + self._settings.rescan_s
            hinted |= {ROOT} if first else set()
        self.begun += 1
        listing: Literal["wanted", "needless"] = "wanted" if self._listings.wanted else "needless"
        self._parts.current = Pass(self.begun, scope, now_s, routine, listing, hinted=hinted)
        return [Scan(scope, self._store.rows(scope), self._rules.before)]

    def _start_rereading(self, now_s: float) -> list[Job]:
        """Nothing better to do: read files again without regard to what is known of them."""
        scope = frozenset(row.path for row in self._rereading.take(self._store, now_s))
        if not scope:
            return []
        self.begun += 1
        self._parts.current = Pass(self.begun, scope, now_s, True, "needless", hinted=frozenset())
        return [Scan(scope, {}, self._rules.before)]

    def start_listing(self, now_s: float) -> list[Job]:
        """The listing that the pass wants."""
        current = self._parts.current
        if current is None or current.listing != "wanted" or self._lister is not None:
            return []
        self._listings.begin(now_s, self._settings.verify_s)
        current.listing = "asked"
        self._lister = current
        current.listed_s = now_s
        if not self._link.fresh(now_s):
            self._link.refresh(now_s)  # no listing tells of a lock, nor of a token that ends
        self._evidence.listing_began(self._queue.under_way)
        return [List()]

    def scanned(self, result: Result, now_s: float) -> None:
        """The scan has ended."""
        current = self._parts.current
        assert current is not None, "a scan belongs to a pass"
        if isinstance(result, RootGone):
            self._root_gone(result, now_s)
            return
        assert isinstance(result, Snapshot), result
        if self._report.root_trouble is not None:
            self._report.say("the folder can be used again", "info")
            self._report.root_trouble = None
        if self._rules.learn(result):
            self._report.say("the ignore rules changed")
            self._parts.lost(now_s)
        if self._git.saw(result.git, now_s):
            self._report.say("git is at work in the folder, waiting for it", "debug")
        self._parts.rules_in_doubt = result.rules_in_doubt
        if result.rules_in_doubt:
            self._dirty.visit(ROOT, now_s + RULES_AGAIN_S)
        current.snapshot = result
        self._plan_when_complete(now_s)

    def root_lost(self, reason: str, now_s: float) -> None:
        """The folder is not what it was: nothing is sent until a look at it succeeds (law 2)."""
        if self._report.root_trouble != reason:
            self._report.say("the folder cannot be used, nothing is sent", "error", reason=reason)
        self._report.root_trouble = reason
        self._dirty.visit(ROOT, now_s + ROOT_RETRY_S)

    def _root_gone(self, result: RootGone, now_s: float) -> None:
        self.root_lost(result.reason, now_s)
        self._queue.clear()
        self._parts.current = None

    def listed(self, result: Result, now_s: float) -> None:
        """The listing has ended, for this pass or one that is no more."""
        lister, self._lister = self._lister, None
        ours = self._store.paths()
        if isinstance(result, NoListing) and result.folder_gone and ours:
            # Not that all is gone one by one: nothing is to be forgotten, deleted or sent anew.
            result = Stopped(Stop.FOLDER_GONE, result.reason)
        listing = result if isinstance(result, Listing) else None
        self._evidence.listing_ended(listing, ours, self._store.attempts([ROOT]))
        for path in self._evidence.news_about(self._refusals):
            self._queue.hasten(path, now_s)
        if isinstance(result, Unavailable | Stopped):
            self._meeting.fail(result, now_s)
        if isinstance(result, NoListing | Refused) and self._listings.possible:
            self._report.say("no listing", "warning", reason=result.reason)
        self._listings.end(result, now_s)
        if self._parts.current is not None and self._parts.current is lister:
            self._parts.current.listing = "here" if listing else "not to be had"
            self._plan_when_complete(now_s)

    def _plan_when_complete(self, now_s: float) -> None:
        current = self._parts.current
        if current is None or current.snapshot is None or current.listing in ("wanted", "asked"):
            return
        snapshot = self._with_known_hashes(current.snapshot)
        if self._settings.doubtful and ROOT in snapshot.scope:
            self._guard.doubt(lambda: [p for p in self._store.paths() if snapshot.at(p) is None])
        actions = self._plan(snapshot)
        writes = {action.path for action in actions if isinstance(action, Upload | Delete)}
        many = len(writes) > MANY_WRITES
        if many and current.listing == "needless" and self._listings.possible:
            current.listing = "wanted"
            return
        self._parts.current = None
        self._note_unheard(actions, current.hinted)
        self._withdraw(snapshot, actions)
        round_ = self._new_round(current, now_s)
        if many and current.listing == "here":
            round_.listed_s = current.listed_s
        self._decisions.apply(actions, snapshot.at, round_, now_s)
        if ROOT in current.scope and current.listing == "here":
            self._listings.verified_s = current.listed_s
        waiting = self._holds.waits(HoldKind.INCLUDED) or self._questions.about_ignored()
        self._rules.review(snapshot, self._store.known, waiting=waiting)
        self._waits.planned(current.number, current.scope, self._parts.left)

    def _note_unheard(self, actions: Iterable[Action], hinted: frozenset[RelPath]) -> None:
        def is_hinted(path: RelPath) -> bool:
            return path in hinted or path in self._dirty

        def row_of(path: RelPath) -> Row | None:
            return self._store.rows([path]).get(path)

        for action in unheard(actions, is_hinted, row_of):
            if not self._decisions.already_decided(action):
                self._report.unheard = True
                self._report.say("a change that nothing had told of", "debug", path=action.path)

    def _with_known_hashes(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot with what is known of large files that were hashed and wait since."""
        known = {
            path: entry
            for path, seen in snapshot.entries.items()
            if seen.kind is Kind.FILE
            and seen.content is None
            and (entry := self._hashed_entry(path)) is not None
            and entry.stat == seen.stat
        }
        if not known:
            return snapshot
        known = {
            path: replace(entry, was_ignored=snapshot.entries[path].was_ignored)
            for path, entry in known.items()
        }
        return replace(snapshot, entries={**snapshot.entries, **known})

    def _hashed_entry(self, path: RelPath) -> Entry | None:
        refusal = self._refusals.get(path)
        if refusal is not None and refusal.entry is not None:
            return refusal.entry
        item = self._queue.waiting(path)
        return item.action.entry if item and isinstance(item.action, Upload) else None

    def _new_round(self, ended: Pass, now_s: float) -> Round:
        """One burst for what becomes due within a moment: the hints of one save trickle in."""
        apart = ended.began_s - self._last_round_s > SETTLING_S
        if apart or ended.began_s - self._burst_began_s > self._settings.max_wait_s:
            self._parts.rounds += 1
            self._burst_began_s = ended.began_s
        self._last_round_s = now_s
        return Round(self._parts.rounds)

    def _plan(self, snapshot: Snapshot) -> list[Action]:
        """Plan for all paths of the scope that are not under way and not dirty again."""
        scope, busy = snapshot.scope, self._parts.busy()
        rows = self._store.rows(scope)
        unholdable = self._unholdable(snapshot, rows)
        excluded = {path: Entry(Kind.EXCLUDED, note.why) for path, note in unholdable.items()}
        actions = plan(
            replace(snapshot, entries={**snapshot.entries, **excluded}),
            rows,
            self._parts.attempts(scope),
            self._parts.seen,
            self._evidence.listed(scope),
            self._settings.policy,
            self._holds.approval,
        )
        self._parts.again.update(path for path in busy if snapshot.covers(path))
        return [*unholdable.values()] + [
            self._decisions.vet(action)
            for action in actions
            if not self._left_out(_path_of(action), scope, busy)
        ]

    def _left_out(self, path: RelPath, scope: Set[RelPath], busy: Set[RelPath]) -> bool:
        """Whether a pass must not decide about `path`: its own turn is now, or comes soon."""
        return path in busy or (path in self._dirty and path not in scope)

    def _unholdable(self, snapshot: Snapshot, known: Iterable[RelPath]) -> dict[RelPath, Note]:
        """
        The files whose names this JATOS cannot hold, or that would not reach it unchanged.

        Of the latter also those that are `known` and gone here: a delete would hit another file.
        """
        server = self._link.server
        assert server is not None, "no pass before the first answer"
        prefix_bytes = self._settings.prefix_bytes
        files = {path for path, entry in snapshot.entries.items() if entry.kind is Kind.FILE}
        reasons = {
            path: unholdable(path, server.dialect, prefix_bytes) if path in files else None
            for path in files.union(known)
        }
        return {
            path: Note(path, Topic.UNHOLDABLE, found)
            for path, why in reasons.items()
            if (found := why or blocked(path, server.changed_on_the_way)) is not None
        }

    def _withdraw(self, snapshot: Snapshot, actions: list[Action]) -> None:
        """Take back what was decided or said about paths of the scope and no longer holds."""

        busy = self._parts.busy()

        def moot(path: RelPath) -> bool:
            return snapshot.covers(path) and not self._left_out(path, snapshot.scope, busy)

        writes = {action.path for action in actions if isinstance(action, Upload | Delete)}
        unsure = {action.path for action in actions if isinstance(action, Unsure)}
        for path in [item.path for item in self._queue]:
            if moot(path) and path not in writes:
                self._queue.drop(path)
        for path in [question.job.path for question in self._questions]:
            if moot(path) and path not in unsure:
                self._questions.drop(path)
        for path in [path for path in self._contact.waiting if moot(path) and path not in unsure]:
            self._contact.drop(path)
        self._report.take_back(moot, writes=writes, unsure=unsure)
        decided = {_path_of(action): action for action in actions}
        for path in self._holds.approved:
            if moot(path):
                self._holds.review(path, decided.get(path))


def _path_of(action: Action) -> RelPath:
    return action.row.path if isinstance(action, Refresh) else action.path
