"""
The engine: everything jatossync decides, as a state machine without thread, clock, file or socket.

In: `hint` (look there), `done` (a job ended). Out: `due` (jobs to run now), `wake_s` (when to ask
again). The daemon runs the jobs on threads; the simulation in the tests runs them one by one.

The road of a saved file: hint -> debounce -> Scan -> plan -> attempt -> Upload -> manifest row.
Start-up, rescan, verification and retries are hints with another scope: one queue, one way in.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from jatossync.core.contact import FIRST_CONTACT, Contact
from jatossync.core.debounce import Debounce
from jatossync.core.evidence import Evidence, still_held
from jatossync.core.gitwait import GitWait
from jatossync.core.guard import Guard
from jatossync.core.holds import Holds, Rehearsal
from jatossync.core.ignore import IGNORE_FILE
from jatossync.core.included import RuleMemory
from jatossync.core.link import Link, kind
from jatossync.core.model import (
    Action,
    Adopt,
    AlreadyThere,
    Ask,
    AskAgain,
    Change,
    Command,
    Content,
    Delete,
    Done,
    Doubt,
    Entry,
    Foreign,
    Forget,
    GitState,
    Hash,
    Hold,
    HoldKind,
    Job,
    Keep,
    Kind,
    List,
    Listing,
    Look,
    NoListing,
    Note,
    Overtaken,
    Provenance,
    Refresh,
    Refused,
    Relist,
    Result,
    RootGone,
    Row,
    Scan,
    Seen,
    Server,
    Snapshot,
    StateChanged,
    Stop,
    Stopped,
    Topic,
    Unavailable,
    Upload,
)
from jatossync.core.order import LAST_RANK, NOT_WAITED_FOR_BYTES, PAGE_RANK, Item, Queue, rank
from jatossync.core.pace import Pace
from jatossync.core.passage import blocked
from jatossync.core.paths import ROOT, RelPath, below, minimal, unholdable
from jatossync.core.plan import decide, plan
from jatossync.core.ports import Settings, Store
from jatossync.core.questions import Open, Questions
from jatossync.core.refusals import Refusals
from jatossync.core.report import Report
from jatossync.core.rereading import Rereading
from jatossync.core.retry import path_wait_s
from jatossync.core.status import Work
from jatossync.core.unheard import unheard
from jatossync.core.waits import Wait, Waits

NEW_FILE_WAIT_S = 30.0
"""A file JATOS has never had may grow for so long before what is there goes up."""

MANY_WRITES = 50
"""A burst larger than this is looked at by one listing instead of path by path."""

UNGUARDED_API = "1.0.0"
"""The apiVersion of JATOS 3.8, which uploads into locked studies (surprise 6)."""

SETTLING_S = 1.0
"""So long a path that is being written holds up what goes after it: a log never rests."""

RELIST_S = 5.0
"""At least so long between two listings: JATOS hashes the whole study for each."""

OTHERS = (
    "somebody else changes this study on JATOS too; if it is another jatossync, agree on one of you"
)

_BY_OTHERS = (HoldKind.DRIFT, HoldKind.CONFLICT)

DOUBT_S = 2.0
"""So long after a listing that does not show a file, another one is asked for."""

VERIFY_SHARE = 20
"""JATOS is not kept busy listing for more than a twentieth of the time."""

LISTING_COUNTS_S = 10.0
"""So long a listing stands for a look at each path of a large burst."""

LOSSES_THAT_REFUSE = 5
"""So often a path may end without an answer before it stops holding up the others."""

RULES_AGAIN_S = 10.5
"""When to read `.jatosignore` again that is missing, empty or unreadable: it counts after 10 s."""

ROOT_RETRY_S = 1.0
"""How often to see whether a folder that is gone is back."""


@dataclass(slots=True)
class _Pass:
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
        return any(below(path, top) for top in self.scope)


@dataclass(slots=True)
class _Round:
    """What decisions have in common that were made together, or because of one another."""

    burst: int
    """Our own number; the store's follows with the first write."""
    listed_s: float = -math.inf
    """When the listing was asked for that stands for a look at each path."""


class Engine:
    """See the module. All times are seconds of one monotonic clock."""

    def __init__(self, store: Store, settings: Settings, jitter: Callable[[], float]) -> None:
        """
        Args:
            jitter: Gives a number from 0 to 1, to spread retries of many clients.
        """
        self.link = Link(jitter)
        self._holds = Holds(Rehearsal(store.holds) if settings.dry_run else store.holds)
        self._refusals = Refusals(store.refusals, rehearsal=settings.dry_run)
        self.report = Report(self._holds, self._refusals)
        self._pace = Pace(settings.max_wait_s)
        self._git = GitWait()
        self._rules = RuleMemory(store.rules, rehearsal=settings.dry_run)
        self._guard = Guard(store, self._holds, settings.limits)
        first = not store.count()
        self._contact = Contact(self._holds, settings.limits, store.known, first=first)
        self._uploaded = False
        """Whether something came to JATOS since held deletes were last looked through for it."""
        self.planned: list[Change] = []
        self.paused = False
        """A person wants nothing written; all the rest goes on."""
        self.waits = Waits()
        self._store = store
        self._settings = settings
        self._dirty = Debounce(settings.quiet_s)
        self._evidence = Evidence()
        self._queue = Queue(settings.workers)
        self._pass: _Pass | None = None
        self._lister: _Pass | None = None
        """The pass that a listing was asked for; by the time it is here, there may be another."""
        self._passes = 0
        self._verified_s: float | None = None
        self._rereading = Rereading()
        self._listing_wanted = True
        self._can_list = True
        self._rescan_s = 0.0
        self._verify_s = 0.0
        self._asking = False
        self._questions = Questions(settings.workers)
        self._compared = False
        """Whether both sides were compared since JATOS was last away."""
        self._listed_s = -math.inf
        self._unseen_until_s: dict[RelPath, float] = {}
        self._lists_lost = 0
        self._rounds = 0
        self._last_round_s = self._burst_began_s = -math.inf
        self._bursts: dict[int, int] = {}
        """Our numbers of bursts to the store's."""
        self._provenance: deque[Provenance] = deque()
        self._again: set[RelPath] = set()

    # --- in ------------------------------------------------------------------------------------

    def hint(self, path: RelPath, now_s: float) -> None:
        """Something may have happened at `path` or below it (law 1)."""
        known = self._store.known(path)
        self._dirty.mark(path, now_s, self._settings.max_wait_s if known else NEW_FILE_WAIT_S)

    def lost(self, now_s: float) -> None:
        """Hints may have been missed: look at everything."""
        self._dirty.visit(ROOT, now_s)

    def command(self, command: Command, now_s: float) -> None:
        """A person, or another process for one, said something."""
        match command:
            case StateChanged():
                for path in self._holds.reread():
                    self._decide_anew(path, now_s)
            case AskAgain():
                self.link.refresh(now_s)

    def wait(self, scope: Iterable[RelPath], now_s: float) -> Wait:
        """
        Look at `scope` now, and wait until what is there is on JATOS; skips the quiet window.

        `waited` tells; `waits.end` has to follow.
        """
        wait = Wait(minimal(scope), self._passes, set(self._queue.under_way))
        self.waits.begin(wait)
        for path in wait.scope:
            self._dirty.hurry(path, now_s)
        return wait

    def root_lost(self, reason: str, now_s: float) -> None:
        """The folder is not what it was: nothing is sent until a look at it succeeds (law 2)."""
        if self.report.root_trouble != reason:
            self.report.say("the folder cannot be used, nothing is sent", "error", reason=reason)
        self.report.root_trouble = reason
        self._dirty.visit(ROOT, now_s + ROOT_RETRY_S)

    def done(self, job: Job, result: Result, now_s: float) -> None:
        """A job that `due` gave out has ended."""
        match job:
            case Ask():
                self._asked(result, now_s)
            case Scan():
                self._scanned(result, now_s)
            case List():
                self._listed(result, now_s)
            case Provenance():
                assert isinstance(result, GitState), result
                self._store.provenance(job.burst, result)
            case Hash():
                self._hashed(job, result, now_s)
            case Look() | Keep():
                self._looked(job, result, now_s)
            case Upload() | Delete():
                self._wrote(job, result, now_s)

    # --- out -----------------------------------------------------------------------------------

    def due(self, now_s: float) -> list[Job]:
        """The jobs to start now. Each must be answered by `done`."""
        if not len(self._questions):  # all that was found together is known
            self.report.say_news()
        jobs = self._start_provenance()
        if self.link.up:
            jobs += self._start_pass(now_s)
            jobs += self._start_listing(now_s)
            self._meet(now_s)
            jobs += self._questions.take()
            jobs += self._start_writes(now_s)
        return jobs + self._start_ask(now_s)

    def wake_s(self, now_s: float) -> float | None:
        """When `due` may have more without anything happening; None: never."""
        times = [None if self._asking else self.link.ask_s]
        if self.link.up:
            times.append(self._queue.wake_s(now_s))
            if self._pass is None:
                times += [self._dirty.wake_s(now_s, self._busy()), self._rescan_s, self._verify_s]
                times.append(self._rereading.next_s)
        return min((at_s for at_s in times if at_s is not None), default=None)

    @property
    def settled(self) -> bool:
        """Whether all was compared and nothing is left but to wait for the world to change."""
        busy = self._pass is not None or self._asking or not self._compared
        busy = busy or not self._contact.concluded
        return self.link.up and self.report.root_trouble is None and not busy and not self.pending

    @property
    def finished(self) -> bool:
        """Whether one pass has come to its end: settled, or stopped until a person acts."""
        stopped = isinstance(self.link.trouble, Stopped) or self.report.root_trouble is not None
        looking = self._pass is not None or not self._compared or len(self._questions) > 0
        waits = self.paused and not looking and not self._queue.under_way
        return self.settled or stopped or waits

    @property
    def pending(self) -> int:
        """Paths that are dirty, being looked at, waiting or under way; refused ones not counted."""
        asked = len(self._questions) + len(self._contact)
        return len(self._dirty) + asked + self._queue.unrefused

    @property
    def pending_bytes(self) -> int:
        """How much is waiting to be uploaded or under way, as far as it is known."""
        return self._queue.upload_bytes

    @property
    def work(self) -> Work:
        """What there is to do, for people."""
        looking = self._pass is not None and not self._pass.routine
        uploads = [item.action for item in self._queue if isinstance(item.action, Upload)]
        under_way = self._queue.under_way
        return Work(
            starting=self.link.server is None,
            comparing=not self._compared or (looking and self._verified_s is None),
            settled=self.link.up and self._compared and not looking and not self.pending,
            pending=self.pending,
            pending_bytes=self.pending_bytes,
            sending={
                action.path: action.content.size for action in uploads if action.path in under_way
            },
            verified_s=self._verified_s,
            can_list=self._can_list,
        )

    def waited(self, wait: Wait) -> bool:
        """Whether everything that was in the scope when it began is on JATOS, or is no more."""
        return self.waits.over(wait, self._is_left)

    def given_up(self, path: RelPath) -> bool:
        """Whether JATOS refuses `path`, and did so again when it was tried once more."""
        item = self._queue.waiting(path)
        again = item is not None and item.refusals < 2
        return path in self.report.refused and not again and path not in self._queue.under_way

    def kept_waiting(self, wait: Wait) -> bool:
        """Whether it waits for what `paused` keeps from going."""
        return self.paused and any(wait.covers(item.path) for item in self._queue)

    def rehearsed(self) -> list[Change]:
        """What would be done (`dry_run`); what would have to wait for a person is held."""
        kept = self._contact.rehearse(self.planned, self._seen)
        for hold in [*self._guard.rehearse(self.planned), *kept]:
            self._holds.hold(hold, 0, 0.0)
        return [change for change in self.planned if change.path not in self._holds]

    # --- passes --------------------------------------------------------------------------------

    def _start_pass(self, now_s: float) -> list[Job]:
        if self._pass is not None:
            return []
        hinted = scope = self._dirty.take(now_s, self._busy())
        routine = not scope and self._compared and self._passes > 0
        if now_s >= self._verify_s:
            self._listing_wanted = True
        if now_s >= min(self._rescan_s, self._verify_s):
            scope |= {ROOT}
        if not scope:
            return self._start_rereading(now_s)
        scope = minimal(scope)
        if ROOT in scope:
            first, self._rescan_s = not self._rescan_s, now_s + self._settings.rescan_s
            hinted |= {ROOT} if first else set()
        self._passes += 1
        listing: Literal["wanted", "needless"] = "wanted" if self._listing_wanted else "needless"
        self._pass = _Pass(self._passes, scope, now_s, routine, listing, hinted=hinted)
        return [Scan(scope, self._store.rows(scope), self._rules.before)]

    def _start_rereading(self, now_s: float) -> list[Job]:
        """Nothing better to do: read files again without regard to what is known of them."""
        scope = frozenset(row.path for row in self._rereading.take(self._store, now_s))
        if not scope:
            return []
        self._passes += 1
        self._pass = _Pass(self._passes, scope, now_s, True, "needless", hinted=frozenset())
        return [Scan(scope, {}, self._rules.before)]

    def _start_listing(self, now_s: float) -> list[Job]:
        if self._pass is None or self._pass.listing != "wanted" or self._lister is not None:
            return []
        self._listing_wanted = False
        self._verify_s = now_s + self._settings.verify_s
        self._pass.listing = "asked"
        self._lister = self._pass
        self._pass.listed_s = self._listed_s = now_s
        self._evidence.listing_began(self._queue.under_way)
        return [List()]

    def _scanned(self, result: Result, now_s: float) -> None:
        current = self._pass
        assert current is not None, "a scan belongs to a pass"
        if isinstance(result, RootGone):
            self._root_gone(result, now_s)
            return
        assert isinstance(result, Snapshot), result
        if self.report.root_trouble is not None:
            self.report.say("the folder can be used again", "info")
            self.report.root_trouble = None
        if self._rules.learn(result):
            self.report.say("the ignore rules changed")
            self.lost(now_s)
        if self._git.saw(result.git, now_s):
            self.report.say("git is at work in the folder, waiting for it", "debug")
        if result.rules_in_doubt:
            self._dirty.visit(ROOT, now_s + RULES_AGAIN_S)
        current.snapshot = result
        self._plan_when_complete(now_s)

    def _root_gone(self, result: RootGone, now_s: float) -> None:
        self.root_lost(result.reason, now_s)
        self._queue.clear()
        self._pass = None

    def _listed(self, result: Result, now_s: float) -> None:
        lister, self._lister = self._lister, None
        if isinstance(result, NoListing) and result.folder_gone and self._store.rows([ROOT]):
            # Not that all is gone one by one: nothing is to be forgotten, deleted or sent anew.
            result = Stopped(Stop.FOLDER_GONE, result.reason)
        listing = result if isinstance(result, Listing) else None
        self._evidence.listing_ended(listing)
        for path in self._evidence.news_about(self._refusals):
            self._queue.hasten(path, now_s)
        lost = isinstance(result, Stopped)
        if isinstance(result, Unavailable):
            self._lists_lost += 1
            lost = self._lists_lost < LOSSES_THAT_REFUSE
        else:
            self._lists_lost = 0
        if isinstance(result, Unavailable | Stopped):
            self._fail(result, now_s)
        if isinstance(result, NoListing | Refused) and self._can_list:
            self.report.say("no listing", "warning", reason=result.reason)
        self._compared = not lost
        self._verify_s = max(self._verify_s, now_s + VERIFY_SHARE * (now_s - self._listed_s))
        if lost:
            self._verify_s = now_s + RELIST_S
        self._can_list = listing is not None
        if self._pass is not None and self._pass is lister:
            self._pass.listing = "here" if listing else "not to be had"
            self._plan_when_complete(now_s)

    def _plan_when_complete(self, now_s: float) -> None:
        current = self._pass
        if current is None or current.snapshot is None or current.listing in ("wanted", "asked"):
            return
        snapshot = self._with_known_hashes(current.snapshot)
        actions = self._plan(snapshot)
        writes = {action.path for action in actions if isinstance(action, Upload | Delete)}
        many = len(writes) > MANY_WRITES
        if many and current.listing == "needless" and self._can_list:
            current.listing = "wanted"
            return
        self._pass = None
        self._note_unheard(actions, current.hinted)
        self._withdraw(snapshot, actions)
        round_ = self._new_round(current, now_s)
        if many and current.listing == "here":
            round_.listed_s = current.listed_s
        self._apply(actions, snapshot.at, round_, now_s)
        if ROOT in current.scope and current.listing == "here":
            self._verified_s = current.listed_s
        waiting = self._holds.waits(HoldKind.INCLUDED)
        self._rules.review(snapshot, self._store.known, waiting=waiting)
        self.waits.planned(current.number, current.scope, self._left)

    def _note_unheard(self, actions: Iterable[Action], hinted: frozenset[RelPath]) -> None:
        def is_hinted(path: RelPath) -> bool:
            return path in hinted or path in self._dirty

        def row_of(path: RelPath) -> Row | None:
            return self._store.rows([path]).get(path)

        for action in unheard(actions, is_hinted, row_of):
            if not self._already_decided(action):
                self.report.unheard = True
                self.report.say("a change that nothing had told of", "debug", path=action.path)

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

    def _new_round(self, ended: _Pass, now_s: float) -> _Round:
        """One burst for what becomes due within a moment: the hints of one save trickle in."""
        apart = ended.began_s - self._last_round_s > SETTLING_S
        if apart or ended.began_s - self._burst_began_s > self._settings.max_wait_s:
            self._rounds += 1
            self._burst_began_s = ended.began_s
        self._last_round_s = now_s
        return _Round(self._rounds)

    def _plan(self, snapshot: Snapshot) -> list[Action]:
        """Plan for all paths of the scope that are not under way and not dirty again."""
        scope, busy = snapshot.scope, self._busy()
        unholdable = self._unholdable(snapshot, self._store.rows(scope))
        excluded = {path: Entry(Kind.EXCLUDED, note.why) for path, note in unholdable.items()}
        actions = plan(
            replace(snapshot, entries={**snapshot.entries, **excluded}),
            self._store.rows(scope),
            self._store.attempts(scope),
            self._seen,
            self._evidence.listed,
            self._settings.policy,
            self._holds.approval,
            self._store.restored,
        )
        self._again.update(path for path in busy if snapshot.covers(path))
        return [*unholdable.values()] + [
            self._vet(action) for action in actions if not self._left_out(_path_of(action), scope)
        ]

    def _left_out(self, path: RelPath, scope: frozenset[RelPath]) -> bool:
        """Whether a pass must not decide about `path`: its own turn is now, or comes soon."""
        return path in self._busy() or (path in self._dirty and path not in scope)

    def _unholdable(self, snapshot: Snapshot, known: Iterable[RelPath]) -> dict[RelPath, Note]:
        """
        The files whose names this JATOS cannot hold, or that would not reach it unchanged.

        Of the latter also those that are `known` and gone here: a delete would hit another file.
        """
        server = self.link.server
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

        def moot(path: RelPath) -> bool:
            return snapshot.covers(path) and not self._left_out(path, snapshot.scope)

        writes = {action.path for action in actions if isinstance(action, Upload | Delete)}
        unsure = {
            action.path
            for action in actions
            if isinstance(action, Hold | Look | Relist | Keep | Hash)
        }
        for path in [item.path for item in self._queue]:
            if moot(path) and path not in writes:
                self._queue.drop(path)
        for path in [question.job.path for question in self._questions]:
            if moot(path) and path not in unsure:
                self._questions.drop(path)
        for path in [path for path in self._contact.waiting if moot(path) and path not in unsure]:
            self._contact.drop(path)
        self.report.take_back(moot, writes=writes, unsure=unsure)
        self._holds.review(moot, {_path_of(action): action for action in actions})

    # --- decisions -----------------------------------------------------------------------------

    def _apply(
        self,
        actions: Iterable[Action],
        local: Callable[[RelPath], Entry | None],
        round_: _Round,
        now_s: float,
    ) -> None:
        writes: list[Upload | Delete] = []
        for action in actions:
            self._contact.count(action)
            match action:
                case Note():
                    self.report.notes[action.path] = action
                case Hold():
                    self._holds.hold(action, round_.burst, now_s)
                    self._note_others(action)
                case Look() | Hash() | Relist():
                    self._ask_about(action, local(action.path), round_.burst, now_s)
                case _ if self._settings.dry_run:
                    if not isinstance(action, Refresh):
                        self.planned.append(action)
                case Keep():
                    self._note_others(action)
                    self._ask_about(action, local(action.path), round_.burst, now_s)
                case Upload() | Delete():
                    if not self._already_decided(action):
                        writes.append(action)
                    if self._settings.policy.drift == "restore" and isinstance(action, Upload):
                        self._note_others(action)
                case _:
                    self._settle(action)
        if writes:
            self._enqueue(writes, round_, now_s)

    def _ask_about(
        self, action: Look | Relist | Keep | Hash, local: Entry | None, burst: int, now_s: float
    ) -> None:
        """More must be known of a path before anything is decided."""
        if isinstance(action, Relist):
            self._compared = False  # not before another listing is here
            self._verify_s = min(self._verify_s, now_s + DOUBT_S)
        elif isinstance(action, Hash) or now_s >= self._unseen_until_s.get(action.path, 0.0):
            question = Open(action, local, burst)
            if not isinstance(action, Keep) or not self._contact.takes(question):
                self._questions.put(question)
        # else it is held: it could not be seen a moment ago

    def _vet(self, action: Action) -> Action:
        """A decided action, or what it has to wait as."""
        return self._contact.vet(self._guard.vet(action), self._seen)

    def _meet(self, now_s: float) -> None:
        """Go on with what differs at first contact, once all that is on both sides was seen."""
        looking = self._pass is not None or len(self._questions) or not self._compared
        if looking or not (self._can_list or not self._queue.unrefused):
            return  # without a listing the looks of the uploads themselves find what differs
        questions, holds = self._contact.verdict(self._seen)
        for question in questions:
            self._questions.put(question)
        for hold in holds:
            self._holds.hold(hold, self._rounds, now_s)
        foreign = sum(note.topic is Topic.FOREIGN for note in self.report.notes.values())
        if found := self._contact.summary(foreign):
            self.report.say(FIRST_CONTACT, reason=found)

    def _note_others(self, action: Hold | Keep | Upload) -> None:
        """Not what we had put there lies there: somebody else writes too. Said once."""
        row = None if self.report.others else self._store.rows([action.path]).get(action.path)
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
            self.report.others = True
            self.report.say("another writer", "warning", path=action.path, reason=OTHERS)

    def _settle(self, action: Adopt | Refresh | Forget) -> None:
        """What needs no request."""
        match action:
            case Refresh():
                self._store.refreshed(action.row)
            case Forget():
                self._store.forgotten(action.path)
            case Adopt():
                self._store.adopted(_row(action, action.proven, action.remote_ms))
                self.report.totals.adopted += 1
                self.report.say("adopted", "debug", path=action.path, size=action.content.size)

    def _already_decided(self, action: Upload | Delete) -> bool:
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

    def _enqueue(self, writes: list[Upload | Delete], round_: _Round, now_s: float) -> None:
        self._begin(writes, round_.burst)
        for action in writes:
            delay_s = self._settings.delete_delay_s if isinstance(action, Delete) else 0.0
            known = self._refusals.of(action) is not None
            if not known:
                self._refusals.end(action.path)
            before = self._queue.waiting(action.path)
            since_s = before.since_s if before is not None else now_s
            free_s = self._pace.free_s(action.path) if isinstance(action, Upload) else 0.0
            item = Item(
                action,
                round_.burst,
                since_s,
                max(now_s + delay_s, free_s),
                round_.listed_s,
                # A page waits even for a script that is written all the time (law 14).
                paced=free_s > now_s and rank(action.path) == 0,
                refusals=int(known),
            )
            self._queue.put(item)
        deletes = sum(isinstance(action, Delete) for action in writes)
        uploads = len(writes) - deletes
        self.report.say("burst", "debug", burst=round_.burst, uploads=uploads, deletes=deletes)

    def _begin(self, writes: Iterable[Upload | Delete], burst: int) -> None:
        """Nothing is sent before it is on disk that it is attempted (law 7)."""
        known = self._bursts.get(burst)
        self._bursts[burst] = self._store.begin(writes, known)
        if known is None:
            self._provenance.append(Provenance(self._bursts[burst]))

    def _decide(self, path: RelPath, local: Entry | None, burst: int, now_s: float) -> None:
        """Decide about one path, now that more is known."""
        if path in self._queue.under_way:
            self._again.add(path)
            return
        action = decide(
            path,
            local,
            self._store.rows([path]).get(path),
            self._store.attempts([path]).get(path, ()),
            self._seen(path),
            self._settings.policy,
            self._holds.approval(path),
            self._store.restored,
        )
        action = action and self._vet(action)
        if not isinstance(action, Hold | Look | Relist):
            self._holds.release(path)
        self._holds.review(lambda other: other == path, {path: action} if action else {})
        if action is not None:
            self._apply([action], lambda _: local, _Round(burst), now_s)

    # --- jobs that ask -------------------------------------------------------------------------

    def _asked(self, result: Result, now_s: float) -> None:
        self._asking = False
        if isinstance(result, Unavailable | Stopped):
            if self.link.is_news(result):
                self._say_trouble(result)
            self.link.probed(result, now_s)
            return
        assert isinstance(result, Server), result
        self._refusals.end_of_other_versions(result.api_version)
        if self.link.server is not None and _another(result, self.link.server):
            self._start_anew(now_s)
        known = self.link.trouble
        self._met_pages(result, now_s)
        if self.link.answered(result, now_s):
            self.report.say("JATOS is back", "info")
            self._compared = False
            self._verify_s = min(self._verify_s, max(now_s, self._listed_s + RELIST_S))
        elif self.link.trouble is not None and kind(self.link.trouble) != kind(known):
            self._say_trouble(self.link.trouble)

    def _start_anew(self, now_s: float) -> None:
        """Nothing that was decided for another JATOS counts for this one."""
        self._queue.clear()
        self._questions.clear()
        for path in list(self._refusals):
            self._refusals.end(path)
        self._listing_wanted = True
        self._dirty.visit(ROOT, now_s)

    def _met_pages(self, server: Server, now_s: float) -> None:
        for path in self._guard.know_pages(server.pages):
            self._decide_anew(path, now_s)
        for item in list(self._queue):
            if item.path not in self._queue.under_way:
                self._hold_delete(self._guard.vet(item.action), item.burst, now_s)

    def _hold_delete(self, action: Action, burst: int, now_s: float) -> None:
        """Let a delete that waits for its turn wait for a person instead, if it has to."""
        if isinstance(action, Hold):
            self._queue.drop(action.path)
            self._holds.hold(action, burst, now_s)

    def _fail(self, trouble: Unavailable | Stopped, now_s: float) -> None:
        if self.link.failed(trouble, now_s):
            self._say_trouble(trouble)

    def _say_trouble(self, trouble: Unavailable | Stopped) -> None:
        if isinstance(trouble, Unavailable):
            self.report.say("JATOS is unavailable", "warning", reason=trouble.reason)
        else:
            stop = trouble.stop.value
            self.report.say("JATOS refuses", "warning", reason=trouble.reason, stop=stop)

    def _start_ask(self, now_s: float) -> list[Job]:
        if self._asking or self.link.ask_s is None or self.link.ask_s > now_s:
            return []
        self._asking = True
        trouble = self.link.trouble
        return [Ask(isinstance(trouble, Stopped) and trouble.stop is Stop.FOLDER_GONE)]

    def _start_provenance(self) -> list[Job]:
        jobs: list[Job] = list(self._provenance)
        self._provenance.clear()
        return jobs

    def _hashed(self, job: Hash, result: Result, now_s: float) -> None:
        question = self._questions.answered(job)
        if isinstance(result, Entry):
            was_ignored = question.entry is not None and question.entry.was_ignored
            entry = replace(result, was_ignored=was_ignored)
            self._decide(job.path, entry, question.burst, now_s)
        else:
            self.hint(job.path, now_s)
        self._look_again(job.path, now_s)

    def _looked(self, job: Look | Keep, result: Result, now_s: float) -> None:
        question = self._questions.answered(job)
        match result:
            case Seen():
                self._evidence.confirmed(job.path, result)
                if isinstance(job, Keep) and result.kept:
                    self._kept(job, result)
                self._decide(job.path, question.entry, question.burst, now_s)
            case Unavailable() if question.losses + 1 >= LOSSES_THAT_REFUSE:
                # The probes in between found the server: it is this path that cannot be seen.
                self._fail(result, now_s)
                self._unseen_until_s[job.path] = now_s + self._settings.verify_s
                why = f"cannot be seen: {result.reason}"
                self._holds.hold(Hold(job.path, HoldKind.UNSEEN, why), question.burst, now_s)
            case Unavailable() | Stopped():
                self._fail(result, now_s)
                self._questions.put(replace(question, losses=question.losses + 1))
            case Refused():
                hold = Hold(job.path, HoldKind.UNSEEN, result.reason)
                self._holds.hold(hold, question.burst, now_s)
        self._look_again(job.path, now_s)

    def _kept(self, job: Keep, seen: Seen) -> None:
        assert seen.size is not None
        assert seen.sha256 is not None
        assert seen.adler32 is not None
        study = self.link.server.study_uuid if self.link.server else ""
        content = Content(seen.size, seen.sha256, seen.adler32)
        self._store.kept(job.path, content, study, job.why)
        self.report.totals.kept += 1
        self.report.say(
            "kept in the trash", "warning", path=job.path, size=seen.size, reason=job.why
        )

    # --- jobs that write -----------------------------------------------------------------------

    def _start_writes(self, now_s: float) -> list[Job]:
        jobs: list[Job] = []
        if self.report.root_trouble is not None or self.paused:
            return jobs
        if len(self._queue) and self._git.holds_up(delete=True, now_s=now_s):
            # What is always left out: looking at it tells of git, and of nothing else.
            self._dirty.visit(RelPath(IGNORE_FILE), self._git.again_s)
        self._count_deletes(now_s)
        may, settling = partial(self._may_start, now_s), self._settling(now_s)
        while (item := self._queue.take(now_s, may, settling)) is not None:
            if item.refusals:
                self._begin([item.action], item.burst)  # a refusal cleared the attempt
            jobs.append(replace(item.action, look=not self._listing_counts(item, now_s)))
            self._evidence.touched(item.path)
        return jobs

    def _count_deletes(self, now_s: float) -> None:
        """Hold deletes that are too many, and let go of those whose bytes were found again."""
        unsure = {question.burst for question in self._questions}
        for hold in self._guard.too_many(self._queue, unsure, now_s):
            self._hold_delete(hold, self._rounds, now_s)
        if self._uploaded and self._holds and not self._queue.unrefused:
            self._uploaded = False
            for path in self._guard.found_again():
                self._holds.release(path)
                self._decide_anew(path, now_s)

    def _listing_counts(self, item: Item, now_s: float) -> bool:
        """Whether the listing of its burst is still as good as a look at the path (law 4)."""
        young = now_s - item.listed_s < LISTING_COUNTS_S and item.listed_s >= self.link.up_since_s
        seen = self._evidence.seen(item.path)
        return young and seen is not None and seen.doubt is not Doubt.TWIN

    def _may_start(self, now_s: float, item: Item) -> bool:
        if item.path in self._questions.under_way:
            return False
        if self._git.holds_up(delete=isinstance(item.action, Delete), now_s=now_s):
            return False
        if isinstance(item.action, Delete) and self._may_be_renamed(item):
            return False
        return self._trusted(now_s, item)

    def _may_be_renamed(self, item: Item) -> bool:
        """Whether the new name may not be up yet: it is being asked about, or scanned."""
        if self._pass is not None and self._pass.hinted - {ROOT}:
            return True
        return any(question.burst == item.burst for question in self._questions)

    def _settling(self, now_s: float) -> int:
        """
        The lowest class of files of which more may be decided in a moment (law 14).

        A checkout or an archive takes longer than the quiet window: what is due first waits for
        what is dirty, being scanned or asked about. What is busy for longer holds nobody up.
        """
        if not len(self._queue):
            return LAST_RANK
        coming = [*self._dirty.young(now_s, SETTLING_S)]
        coming += [question.job.path for question in self._questions if _awaited(question)]
        coming += self._contact.waiting if self._can_list else ()
        if self._pass is not None:
            coming += self._pass.hinted - {ROOT}
        return min(map(rank, coming), default=LAST_RANK)

    def _trusted(self, now_s: float, item: Item) -> bool:
        """
        Whether token, study and lock were all right a moment ago, where that must be known.

        Before a large upload: JATOS reads a whole body before it says no (surprise 4). And always
        on a JATOS that does not enforce locks (surprise 6). And before a page is deleted: somebody
        may just have given it to a component.
        """
        server = self.link.server
        unguarded = server is not None and server.api_version == UNGUARDED_API
        page = isinstance(item.action, Delete) and rank(item.path) == PAGE_RANK
        if self.link.fresh(now_s) or not (item.large or unguarded or page):
            return True
        self.link.refresh(now_s)
        return False

    def _wrote(self, job: Upload | Delete, result: Result, now_s: float) -> None:
        item = self._queue.finish(job.path)
        self._evidence.touched(job.path)
        match result:
            case Done():
                self._record(item, result.seconds)
                self._pace.sent(job.path, now_s)
            case AlreadyThere() if isinstance(job, Upload):
                adopted = Adopt(job.path, job.entry, job.content, True, None)
                self._contact.count(adopted)
                self._settle(adopted)
            case AlreadyThere():
                self._store.forgotten(job.path)
            case Foreign():
                if not item.ever_lost:
                    self._store.refused(job)  # nothing was sent: what lies there is not ours
                self._evidence.looked(job.path, result.seen)
                entry = job.entry if isinstance(job, Upload) else None
                self._decide(job.path, entry, item.burst, now_s)
            case Overtaken():
                self.report.say("overtaken", "debug", path=job.path, reason=result.reason)
                self.hint(job.path, now_s)
            case Refused():
                self._refuse(item, result, now_s)
            case Unavailable() | Stopped():
                self._fail(result, now_s)
                self._try_again(item, result, now_s)
        if isinstance(result, Done | AlreadyThere | Foreign | Overtaken):
            self._refusals.end(job.path)
        if isinstance(result, Done | AlreadyThere):
            self._settle_approval(job.path, now_s)
        self.waits.ended(job.path, isinstance(result, Done | AlreadyThere))
        self._look_again(job.path, now_s)

    def _settle_approval(self, path: RelPath, now_s: float) -> None:
        approval = self._holds.approval(path)
        self._holds.settle(path)
        included = approval is not None and approval.kind is HoldKind.INCLUDED
        if included and not self._holds.waits(HoldKind.INCLUDED):
            self.lost(now_s)  # the rules of before may count no more

    def _record(self, item: Item, seconds: float) -> None:
        action = item.action
        ms = round(seconds * 1000)
        if isinstance(action, Upload):
            self._store.uploaded(_row(action, True, None), self._bursts[item.burst], seconds)
            self._uploaded = True
            self.report.totals.uploaded += 1
            self.report.totals.uploaded_bytes += action.content.size
            self.report.say("uploaded", path=action.path, size=action.content.size, ms=ms)
        else:
            approved = self._holds.approval(action.path) is not None
            self._store.deleted(action.path, self._bursts[item.burst], seconds, approved=approved)
            self.report.totals.deleted += 1
            self.report.say("deleted", path=action.path, ms=ms)

    def _try_again(self, item: Item, trouble: Unavailable | Stopped, now_s: float) -> None:
        """Without an answer JATOS may have acted: the next try looks first."""
        item = replace(item, listed_s=-math.inf, ever_lost=True, losses=item.losses + 1)
        if isinstance(trouble, Unavailable) and item.losses >= LOSSES_THAT_REFUSE:
            # The probes in between found the server: it is this path that does not get through.
            self._refuse(replace(item, losses=0), Refused(trouble.reason), now_s)
        else:
            self._queue.put(item)

    def _refuse(self, item: Item, refusal: Refused, now_s: float) -> None:
        if not item.ever_lost:
            self._store.refused(item.action)
        server = self.link.server
        times = self._refusals.refuse(item.action, refusal, server.api_version if server else "")
        if item.refusals == 1 or refusal.for_good:
            self.report.say("refused", "warning", path=item.path, reason=refusal.reason)
        if not refusal.for_good:
            not_before_s = now_s + path_wait_s(times)
            again = replace(item, refusals=times, not_before_s=not_before_s, listed_s=-math.inf)
            self._queue.put(again)

    def _seen(self, path: RelPath) -> Seen | None:
        return still_held(self._evidence.seen(path), self._holds.seen(path))

    # --- small things --------------------------------------------------------------------------

    def _busy(self) -> set[RelPath]:
        """The paths with a request or a hash under way: they stay out of every plan."""
        return self._queue.under_way | self._questions.under_way

    @property
    def undone(self) -> set[RelPath]:
        """The paths of `pending`, as far as they have names; a directory stands for what it has."""
        return {path for path in self._left() if not self.given_up(path)}

    def _left(self) -> Iterable[RelPath]:
        """All paths for which something is to be done or to be found out."""
        yield from self._dirty
        for item in self._queue:
            yield item.path
        for question in self._questions:
            yield question.job.path
        yield from self._contact.waiting

    def _is_left(self, path: RelPath) -> bool:
        """Whether `path` is one of them, or is being looked at."""
        current = self._pass
        looking = current is not None and not current.routine and current.covers(path)
        asked = path in self._questions or path in self._contact.waiting
        return looking or asked or path in self._dirty or path in self._queue

    def _decide_anew(self, path: RelPath, now_s: float) -> None:
        """Something else than the file at `path` is not what it was when it was decided about."""
        self._dirty.mark(path, now_s, max_wait_s=0.0)

    def _look_again(self, path: RelPath, now_s: float) -> None:
        """A pass had to leave `path` out while it was busy."""
        if path in self._again:
            self._again.discard(path)
            self.hint(path, now_s)


def _awaited(question: Open) -> bool:
    """Whether pages wait for the answer; for huge files nobody does."""
    job = question.job
    return not isinstance(job, Hash) or job.stat.size <= NOT_WAITED_FOR_BYTES


def _another(now: Server, before: Server) -> bool:
    """Whether names that were fine may not be, or the other way round."""
    return (now.api_version, now.changed_on_the_way) != (
        before.api_version,
        before.changed_on_the_way,
    )


def _path_of(action: Action) -> RelPath:
    return action.row.path if isinstance(action, Refresh) else action.path


def _row(action: Upload | Adopt, proven: bool, remote_ms: int | None) -> Row:
    stat = action.entry.stat
    assert stat is not None, "a file that was hashed has a stat"
    return Row(action.path, action.content, stat, action.entry.hashed_at_ns, proven, remote_ms)
