"""
What follows from a plan: what is told, held, asked about, settled without a request, or queued.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from jatossync.core.actions import (
    Action,
    Adopt,
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
    Unsure,
    Upload,
    sent_by,
)
from jatossync.core.contact import FIRST_CONTACT
from jatossync.core.holds import DELETES, TOGETHER_S
from jatossync.core.jobs import Job, Provenance
from jatossync.core.model import Attempt, Entry, Row
from jatossync.core.order import Item, rank
from jatossync.core.paths import RelPath
from jatossync.core.plan import decide
from jatossync.core.questions import Open
from jatossync.engine.parts import Parts, Room

OTHERS = (
    "somebody else changes this study on JATOS too; if it is another jatossync, agree on one of you"
)

_BY_OTHERS = (HoldKind.DRIFT, HoldKind.CONFLICT)

BURSTS = 20
"""More than these are not remembered without a reason."""

DOUBT_S = 2.0
"""So long after a listing that does not show a file, another one is asked for."""


@dataclass(slots=True)
class Round:
    """What decisions have in common that were made together, or because of one another."""

    burst: int
    """Our own number; the store's follows with the first write."""
    listed_s: float = -math.inf
    """When the listing was asked for that stands for a look at each path."""


class Decisions(Room):
    """About many paths together (`apply`), or about one of which more is known now (`decide`)."""

    def __init__(self, parts: Parts) -> None:
        super().__init__(parts)
        self._provenance: deque[Provenance] = deque()

    def apply(
        self,
        actions: Iterable[Action],
        local: Callable[[RelPath], Entry | None],
        round_: Round,
        now_s: float,
    ) -> None:
        """
        Let what was decided happen, as far as nothing has to wait.

        Args:
            local: What a path is in the folder.
        """
        writes: list[Upload | Delete] = []
        for action in actions:
            self._contact.count(action)
            match action:
                case Note():
                    self._report.notes[action.path] = action
                case Hold():
                    self._holds.hold(action, round_.burst, now_s)
                    self._note_others(action)
                case Look() | Hash() | Relist():
                    self._ask_about(action, local(action.path), round_.burst, now_s)
                case _ if self._settings.dry_run:
                    if not isinstance(action, Refresh):
                        self._planned.append(action)
                case Keep():
                    self._note_others(action)
                    self._ask_about(action, local(action.path), round_.burst, now_s)
                case Upload() | Delete():
                    if not self.already_decided(action):
                        writes.append(action)
                    if self._settings.policy.drift == "restore" and isinstance(action, Upload):
                        self._note_others(action)
                case _:
                    self.settle(action)
        if writes:
            self._enqueue(writes, round_, now_s)

    def decide(self, path: RelPath, local: Entry | None, burst: int, now_s: float) -> None:
        """Decide about one path, now that more is known."""
        if path in self._queue.under_way:
            self._parts.again.add(path)
            return
        action = decide(
            path,
            local,
            self._store.rows([path]).get(path),
            self._parts.attempts([path]).get(path, ()),
            self._parts.seen(path),
            self._settings.policy,
            self._holds.approval(path),
        )
        action = action and self.vet(action)
        if not isinstance(action, Unsure):
            self._holds.release(path)
        self._holds.review(path, action)
        if action is not None:
            self.apply([action], lambda _: local, Round(burst), now_s)

    def vet(self, action: Action) -> Action:
        """A decided action, or what it has to wait as."""
        return self._contact.vet(self._with_what_is_kept(self._guard.vet(action)), self._parts.seen)

    def _with_what_is_kept(self, action: Action) -> Action:
        """
        What has to wait, with the bytes of others that are in the trash because of it.

        A person said yes to losing these; a yes to this as well is not to ask for that anew.
        """
        if not isinstance(action, Hold) or action.kind not in DELETES:
            return action
        seen = self._parts.seen(action.path)
        return replace(action, seen=seen) if seen is not None and seen.kept else action

    def already_decided(self, action: Upload | Delete) -> bool:
        """Whether the same waits already, or was refused for these bytes for good."""
        if self._refusals.forbids(action):
            return True
        item = self._queue.waiting(action.path)
        match action, item and item.action:
            case Delete(), Delete():
                return True
            case Upload(content=new), Upload(content=old):
                return new == old
        return False

    def _ask_about(
        self, action: Look | Relist | Keep | Hash, local: Entry | None, burst: int, now_s: float
    ) -> None:
        """More must be known of a path before anything is decided."""
        if isinstance(action, Relist):
            self._listings.compared = False  # not before another listing is here
            self._listings.hurry(now_s + DOUBT_S)
            self._holds.doubt(now_s, now_s + DOUBT_S + 2 * self._listings.took_s + TOGETHER_S)
        elif isinstance(action, Hash) or now_s >= self._parts.unseen_until_s.get(action.path, 0.0):
            question = Open(action, local, burst)
            if not isinstance(action, Keep) or not self._contact.takes(question):
                self._questions.put(question)
        # else it is held: it could not be seen a moment ago

    def conclude_contact(self, now_s: float) -> None:
        """Go on with what differs at first contact, once all that is on both sides was seen."""
        looking = self._parts.current is not None or len(self._questions)
        if looking or not self._listings.compared:
            return
        if not (self._listings.possible or not self._queue.unrefused):
            return  # without a listing the looks of the uploads themselves find what differs
        questions, holds = self._contact.verdict(self._parts.seen)
        for question in questions:
            self._questions.put(question)
        for hold in holds:
            self._holds.hold(hold, self._parts.rounds, now_s)
        if not self._contact.concluded:
            foreign = sum(note.topic is Topic.FOREIGN for note in self._report.notes.values())
            self._report.say(FIRST_CONTACT, reason=self._contact.summary(foreign))

    def _note_others(self, action: Hold | Keep | Upload) -> None:
        """Not what we had put there lies there: somebody else writes too. Said once."""
        row = None if self._report.others else self._store.rows([action.path]).get(action.path)
        if row is None:
            return
        match action:
            case Hold():
                others = action.kind in _BY_OTHERS
            case Keep():
                others = True
            case Upload():  # what was acknowledged is to be sent again
                unanswered = self._store.attempts([action.path])
                others = action.content == row.content and not unanswered
        if others:
            self._report.others = True
            self._report.say("another writer", "warning", path=action.path, reason=OTHERS)

    def settle(self, action: Adopt | Refresh | Forget) -> None:
        """What needs no request."""
        match action:
            case Refresh():
                self._store.refreshed(action.row)
            case Forget():
                self._store.forgotten(action.path, self._late.of(action.path))
                self._parts.acknowledged(action.path)
            case Adopt():
                row = row_of(action, action.proven, action.remote_ms)
                self._store.adopted(row, self._late.of(action.path))
                self._evidence.owned(action.path)
                self._parts.acknowledged(action.path)
                self._report.totals.adopted += 1
                self._report.say("adopted", "debug", path=action.path, size=action.content.size)

    def _enqueue(self, writes: list[Upload | Delete], round_: Round, now_s: float) -> None:
        attempts = self._store.attempts([action.path for action in writes])
        self.begin(writes, round_.burst)
        for action in writes:
            delay_s = self._settings.delete_delay_s if isinstance(action, Delete) else 0.0
            known = self._refusals.of(action) is not None
            if not known:
                self._refusals.end(action.path)
            before = self._queue.waiting(action.path)
            since_s = before.since_s if before is not None else now_s
            slowed = isinstance(action, Upload) and not self._waits.awaits(action.path)
            free_s = self._pace.free_s(action.path) if slowed else 0.0
            item = Item(
                action,
                round_.burst,
                since_s,
                max(now_s + delay_s, free_s),
                round_.listed_s,
                # A page waits even for a script that is written all the time (law 14).
                paced=free_s > now_s and rank(action.path) == 0,
                refusals=int(known),
                ever_lost=_ever_lost(action, before, attempts.get(action.path, ())),
            )
            self._queue.put(item)
        deletes = sum(isinstance(action, Delete) for action in writes)
        uploads = len(writes) - deletes
        self._report.say("burst", "debug", burst=round_.burst, uploads=uploads, deletes=deletes)

    def begin(self, writes: Iterable[Upload | Delete], burst: int) -> None:
        """Nothing is sent before it is on disk that it is attempted (law 7)."""
        known = self._parts.bursts.get(burst)
        self._parts.bursts[burst] = self._store.begin(writes, known)
        if known is None:
            self._provenance.append(Provenance(self._parts.bursts[burst]))
            self._forget_bursts(burst)

    def _forget_bursts(self, burst: int) -> None:
        """Those of which nothing is left to be done, now and then."""
        if len(self._parts.bursts) > BURSTS:
            used = {burst, *(item.burst for item in self._queue)}
            used.update(question.burst for question in self._questions)
            bursts = self._parts.bursts.items()
            self._parts.bursts = {own: stored for own, stored in bursts if own in used}

    def start_provenance(self) -> list[Job]:
        """The jobs that find out what git says of the bursts that began."""
        jobs: list[Job] = list(self._provenance)
        self._provenance.clear()
        return jobs

    def hold_delete(self, action: Action, burst: int, now_s: float) -> None:
        """Let a delete that waits for its turn wait for a person instead, if it has to."""
        action = self._with_what_is_kept(action)
        if isinstance(action, Hold):
            item = self._queue.waiting(action.path)
            if item is not None:
                self.nothing_came_of(item)
            self._queue.drop(action.path)
            self._holds.hold(action, burst, now_s)

    def end(self) -> None:
        """What still waits is not sent any more: the next start has no answer to wait for."""
        for item in self._queue:
            if item.path not in self._queue.under_way:
                self.nothing_came_of(item)

    def nothing_came_of(self, item: Item) -> None:
        """It was not sent, not to its end, or refused: an earlier try without an answer counts."""
        if not item.ever_lost:
            self._store.refused(item.action)


def _ever_lost(action: Upload | Delete, before: Item | None, attempts: Iterable[Attempt]) -> bool:
    """Whether the same was tried without an answer: while it waits, or by an earlier process."""
    if before is not None and sent_by(before.action) == sent_by(action):
        return before.ever_lost
    return any(attempt.content == sent_by(action) for attempt in attempts)


def row_of(action: Upload | Adopt, proven: bool, remote_ms: int | None) -> Row:
    """What the manifest is to have of it."""
    stat = action.entry.stat
    assert stat is not None, "a file that was hashed has a stat"
    return Row(action.path, action.content, stat, action.entry.hashed_at_ns, proven, remote_ms)
