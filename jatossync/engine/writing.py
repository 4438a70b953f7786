"""
Uploads and deletes: which may start now, and what their answers mean.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from jatossync.core.actions import Adopt, Delete, HoldKind, Rival, Upload
from jatossync.core.ignore import IGNORE_FILE
from jatossync.core.jobs import (
    AlreadyThere,
    Done,
    Foreign,
    Job,
    Overtaken,
    Refused,
    Result,
    Stopped,
    Unavailable,
)
from jatossync.core.model import Doubt
from jatossync.core.order import LAST_RANK, PAGE_RANK, Item, rank
from jatossync.core.paths import ROOT, RelPath
from jatossync.core.retry import path_wait_s
from jatossync.engine.decisions import Decisions, row_of
from jatossync.engine.meeting import Meeting
from jatossync.engine.parts import LOSSES_THAT_REFUSE, SETTLING_S, Parts, Room
from jatossync.engine.unanswered import Unanswered

UNGUARDED_API = "1.0.0"
"""The apiVersion of JATOS 3.8, which uploads into locked studies (surprise 6)."""

LISTING_COUNTS_S = 10.0
"""So long a listing stands for a look at each path of a large burst."""


class Writing(Room):
    """Starts what waits in the queue (`start`), and takes its answers (`wrote`)."""

    def __init__(
        self, parts: Parts, decisions: Decisions, meeting: Meeting, unanswered: Unanswered
    ) -> None:
        super().__init__(parts)
        self._decisions = decisions
        self._meeting = meeting
        self._unanswered = unanswered
        self._uploaded = False
        """Whether something came to JATOS since held deletes were last looked through for it."""
        self._uncounted = False
        """Whether a delete could start but for not having been counted."""

    def start(self, now_s: float) -> list[Job]:
        """The uploads and deletes to start now."""
        if self._report.root_trouble is not None:
            return []
        if len(self._queue) and self._git.holds_up(delete=True, now_s=now_s):
            # What is always left out: looking at it tells of git, and of nothing else.
            self._dirty.visit(RelPath(IGNORE_FILE), self._git.again_s)
        self._release_found_again(now_s)
        jobs = self._take(now_s)
        if self._uncounted:
            self._count_deletes(now_s)
            jobs += self._take(now_s)
        return jobs

    def _take(self, now_s: float) -> list[Job]:
        jobs: list[Job] = []
        self._uncounted = False
        may, settling = partial(self._may_start, now_s), self._settling(now_s)
        while (item := self._queue.take(now_s, may, settling)) is not None:
            if item.refusals:
                self._decisions.begin([item.action], item.burst)  # a refusal cleared the attempt
            look = not self._listing_counts(item, now_s)
            job = replace(item.action, look=look, rivals=self._rivals(item.path))
            if isinstance(job, Delete):
                job = replace(job, despite=self._git.operations)
            jobs.append(job)
            self._evidence.touched(item.path)
        return jobs

    def _rivals(self, path: RelPath) -> frozenset[Rival]:
        """What JATOS has of us, or may have, under names that it may take for `path`."""
        others = self._evidence.other_spellings(path)
        if not others:
            return frozenset()
        rows, attempts = self._store.rows({*others, path}), self._parts.attempts(others)
        own = rows[path].content if path in rows else None
        acknowledged = (Rival(each, rows[each].content) for each in others & rows.keys())
        attempted = (
            Rival(each, attempt.content)
            for each in others
            for attempt in attempts.get(each, ())
            if attempt.content not in (None, own)  # what JATOS acknowledged of it is its own
        )
        return frozenset([*acknowledged, *attempted])

    def _count_deletes(self, now_s: float) -> None:
        """Hold deletes that are too many (law 11)."""
        for hold in self._guard.too_many(self._queue, self._questions.of_burst):
            self._decisions.hold_delete(hold, self._parts.rounds, now_s)

    def _release_found_again(self, now_s: float) -> None:
        """Let go of held deletes whose bytes came to JATOS under another name meanwhile."""
        if self._uploaded and self._holds and not self._queue.unrefused:
            self._uploaded = False
            for path in self._guard.found_again():
                self._holds.release(path)
                self._parts.decide_anew(path, now_s)

    def _listing_counts(self, item: Item, now_s: float) -> bool:
        """Whether the listing of its burst is still as good as a look at the path (law 4)."""
        if item.large:
            return False  # more is asked before it is sent, which may take longer than that counts
        young = now_s - item.listed_s < LISTING_COUNTS_S
        last = item.listed_s >= max(self._link.up_since_s, self._listings.asked_s)
        seen = self._evidence.seen(item.path)
        alone = not self._evidence.other_spellings(item.path)
        return young and last and alone and seen is not None and seen.doubt is not Doubt.TWIN

    def _may_start(self, now_s: float, item: Item) -> bool:
        if item.path in self._questions.under_way:
            return False
        if self._git.holds_up(delete=isinstance(item.action, Delete), now_s=now_s):
            return False
        if isinstance(item.action, Delete):
            if self._may_be_renamed(item, now_s):
                return False
            if not self._guard.passed(item):
                self._uncounted = True
                return False
        return self._trusted(now_s, item)

    def _may_be_renamed(self, item: Item, now_s: float) -> bool:
        """Whether the new name may not be up yet: it is being asked about, or scanned."""
        current = self._parts.current
        if current is not None and (current.hinted - {ROOT} or any(self._waits_for_a_look(now_s))):
            return True
        return self._questions.of_burst(item.burst)

    def _settling(self, now_s: float) -> int:
        """
        The lowest class of files of which more may be decided in a moment (law 14).

        A checkout or an archive takes longer than the quiet window: what is due first waits for
        what is dirty, being scanned or asked about. What is busy for longer holds nobody up.
        """
        if not len(self._queue):
            return LAST_RANK
        coming = [*self._waits_for_a_look(now_s)]
        coming += self._contact.waiting if self._listings.possible else ()
        if self._parts.current is not None:
            coming += self._parts.current.hinted - {ROOT}
        return min([*map(rank, coming), *self._questions.ranks], default=LAST_RANK)

    def _waits_for_a_look(self, now_s: float) -> Iterator[RelPath]:
        """What was touched a moment ago; while a pass runs, all that it keeps from its turn."""
        current = self._parts.current
        since_s = current.began_s if current is not None else now_s
        young_s = self._settings.quiet_s + SETTLING_S
        return self._dirty.young(now_s, young_s + now_s - since_s)

    def _trusted(self, now_s: float, item: Item) -> bool:
        """
        Whether token, study and lock were all right a moment ago, where that must be known.

        Before a large upload: JATOS reads a whole body before it says no (surprise 4). And always
        on a JATOS that does not enforce locks (surprise 6). And before a page is deleted: somebody
        may just have given it to a component.
        """
        server = self._link.server
        unguarded = server is not None and server.api_version == UNGUARDED_API
        page = isinstance(item.action, Delete) and rank(item.path) == PAGE_RANK
        if self._link.fresh(now_s) or not (item.large or unguarded or page):
            return True
        self._link.refresh(now_s)
        return False

    def wrote(self, job: Upload | Delete, result: Result, now_s: float) -> None:
        """An upload or a delete has ended."""
        item = self._queue.finish(job.path)
        self._evidence.touched(job.path)
        match result:
            case Done():
                self._record(item, result.seconds)
                if isinstance(job, Upload):
                    self._pace.sent(job.path, now_s)
                for other in result.replaced:
                    self._forget(other)
                    self._parts.decide_anew(other, now_s)
            case AlreadyThere() if isinstance(job, Upload):
                adopted = Adopt(job.path, job.entry, job.content, True, None)
                self._contact.count(adopted)
                self._decisions.settle(adopted)
            case AlreadyThere():
                self._forget(job.path)
            case Foreign():
                self._decisions.nothing_came_of(item)  # what lies there is not ours
                self._evidence.looked(job.path, result.seen)
                entry = job.entry if isinstance(job, Upload) else None
                self._decisions.decide(job.path, entry, item.burst, now_s)
            case Overtaken():
                self._decisions.nothing_came_of(item)
                self._report.say("overtaken", "debug", path=job.path, reason=result.reason)
                self._parts.hint(job.path, now_s)
            case Refused():
                self._refuse(item, result, now_s)
            case Unavailable() | Stopped():
                self._meeting.fail(result, now_s)
                self._unanswered.lost(job, now_s)
                self._try_again(item, result, now_s)
        if isinstance(result, Done | AlreadyThere | Foreign | Overtaken):
            self._refusals.end(job.path)
        if isinstance(result, Done | AlreadyThere):
            self._settle_approval(job.path, now_s)
            self._hasten_other_spellings(job, now_s)
        self._waits.ended(job.path, isinstance(result, Done | AlreadyThere))
        self._parts.look_again(job.path, now_s)

    def _forget(self, path: RelPath) -> None:
        """JATOS has nothing of it any more."""
        self._store.forgotten(path, self._late.of(path))
        self._parts.acknowledged(path)

    def _hasten_other_spellings(self, job: Upload | Delete, now_s: float) -> None:
        """The delete that an upload under another spelling made up for, or the other way round."""
        for other in self._evidence.other_spellings(job.path):
            item = self._queue.waiting(other)
            if item is not None and type(item.action) is not type(job):
                self._queue.hasten(other, now_s)

    def _settle_approval(self, path: RelPath, now_s: float) -> None:
        approval = self._holds.approval(path)
        self._holds.settle(path)
        included = approval is not None and approval.kind is HoldKind.INCLUDED
        if included and not self._holds.waits(HoldKind.INCLUDED):
            self._parts.lost(now_s)  # the rules of before may count no more

    def _record(self, item: Item, seconds: float) -> None:
        action, late = item.action, self._late.of(item.path)
        ms = round(seconds * 1000)
        if isinstance(action, Upload):
            self._store.uploaded(
                row_of(action, True, None), self._parts.bursts[item.burst], seconds, late
            )
            self._uploaded = True
            self._report.totals.uploaded += 1
            self._report.totals.uploaded_bytes += action.content.size
            self._report.say("uploaded", path=action.path, size=action.content.size, ms=ms)
        else:
            approved = self._holds.may_delete(action.path)
            self._store.deleted(
                action.path,
                self._parts.bursts[item.burst],
                seconds,
                approved=approved,
                late=late,
            )
            self._report.totals.deleted += 1
            self._report.say("deleted", path=action.path, ms=ms)
        self._parts.acknowledged(action.path)

    def _try_again(self, item: Item, trouble: Unavailable | Stopped, now_s: float) -> None:
        """Without an answer JATOS may have acted: the next try looks first."""
        action = item.action
        if isinstance(action, Upload):
            action = replace(action, replaceable=action.replaceable | {action.content})
        item = replace(
            item, action=action, listed_s=-math.inf, ever_lost=True, losses=item.losses + 1
        )
        if isinstance(trouble, Unavailable) and item.losses >= LOSSES_THAT_REFUSE:
            # The probes in between found the server: it is this path that does not get through.
            self._refuse(replace(item, losses=0), Refused(trouble.reason), now_s)
        else:
            self._queue.put(item)

    def _refuse(self, item: Item, refusal: Refused, now_s: float) -> None:
        self._decisions.nothing_came_of(item)
        if refusal.taken and isinstance(item.action, Upload):
            self._forget(item.path)  # what was there of it went with the other's name
            item = replace(item, action=replace(item.action, replaceable=frozenset()))
        server = self._link.server
        times = self._refusals.refuse(item.action, refusal, server.api_version if server else "")
        if item.refusals == 1 or refusal.for_good:
            self._report.say("refused", "warning", path=item.path, reason=refusal.reason)
        if not refusal.for_good:
            not_before_s = now_s + path_wait_s(times)
            again = replace(item, refusals=times, not_before_s=not_before_s, listed_s=-math.inf)
            self._queue.put(again)
