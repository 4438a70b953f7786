"""
The engine's public interface: events go to the room that handles them, `due` asks all for jobs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from jatossync.core.actions import Change, Delete, Hash, Keep, Look, Upload
from jatossync.core.jobs import (
    Ask,
    AskAgain,
    Command,
    GitState,
    Job,
    List,
    Provenance,
    Result,
    Scan,
    StateChanged,
    Stopped,
)
from jatossync.core.paths import RelPath, minimal
from jatossync.core.ports import Settings, Store
from jatossync.core.status import Work
from jatossync.core.waits import Wait
from jatossync.engine.asking import Asking
from jatossync.engine.decisions import Decisions
from jatossync.engine.meeting import Meeting
from jatossync.engine.parts import Parts, Room
from jatossync.engine.passes import Passes
from jatossync.engine.unanswered import Unanswered
from jatossync.engine.writing import Writing


class Engine(Room):
    """The state machine of this package; all times are seconds of one monotonic clock."""

    def __init__(self, store: Store, settings: Settings, jitter: Callable[[], float]) -> None:
        """
        Args:
            jitter: Gives a number from 0 to 1, to spread retries of many clients.
        """
        parts = Parts(store, settings, jitter)
        super().__init__(parts)
        self.link = parts.link
        self.report = parts.report
        self.waits = parts.waits
        self.planned = parts.planned
        self.paused = False
        """A person wants nothing written; all the rest goes on."""
        self._decisions = Decisions(parts)
        self._meeting = Meeting(parts, self._decisions)
        self._passes = Passes(parts, self._decisions, self._meeting)
        self._asking = Asking(parts, self._decisions, self._meeting)
        self._unanswered = Unanswered(parts)
        self._writing = Writing(parts, self._decisions, self._meeting, self._unanswered)

    # --- in ------------------------------------------------------------------------------------

    def hint(self, path: RelPath, now_s: float) -> None:
        """Something may have happened at `path` or below it (law 1)."""
        self._parts.hint(path, now_s)

    def lost(self, now_s: float) -> None:
        """Hints may have been missed: look at everything."""
        self._parts.lost(now_s)

    def command(self, command: Command, now_s: float) -> None:
        """A person, or another process for one, said something."""
        match command:
            case StateChanged():
                for path in self._holds.reread():
                    self._parts.decide_anew(path, now_s)
            case AskAgain():
                self.link.refresh(now_s)

    def wait(self, scope: Iterable[RelPath], now_s: float) -> Wait:
        """
        Look at `scope` now, and wait until what is there is on JATOS.

        Skips the quiet window, and follows what is saved often at once.
        `waited` tells; `waits.end` has to follow.
        """
        wait = Wait(minimal(scope), self._passes.begun, set(self._queue.under_way))
        self.waits.begin(wait)
        for path in wait.scope:
            self._dirty.hurry(path, now_s)
        self._queue.follow(wait.covers, now_s)
        return wait

    def root_lost(self, reason: str, now_s: float) -> None:
        """The folder is not what it was: nothing is sent until a look at it succeeds (law 2)."""
        self._passes.root_lost(reason, now_s)

    def end(self) -> None:
        """Nothing is started any more, and what `due` gave out has ended or never will."""
        self._decisions.end()

    def done(self, job: Job, result: Result, now_s: float) -> None:
        """A job that `due` gave out has ended."""
        match job:
            case Ask():
                self._meeting.asked(result, now_s)
            case Scan():
                self._passes.scanned(result, now_s)
            case List():
                self._passes.listed(result, now_s)
            case Provenance():
                assert isinstance(result, GitState), result
                self._store.provenance(job.burst, result)
            case Hash():
                self._asking.hashed(job, result, now_s)
            case Look() | Keep():
                self._asking.looked(job, result, now_s)
            case Upload() | Delete():
                self._writing.wrote(job, result, now_s)

    # --- out -----------------------------------------------------------------------------------

    def due(self, now_s: float) -> list[Job]:
        """The jobs to start now. Each must be answered by `done`."""
        if not len(self._questions):  # all that was found together is known
            self.report.say_news()
        jobs = self._decisions.start_provenance()
        if self.link.up:
            self._unanswered.settle(now_s)
            jobs += self._passes.start(now_s)
            jobs += self._passes.start_listing(now_s)
            self._decisions.conclude_contact(now_s)
            jobs += self._questions.take()
            if not self.paused:
                jobs += self._writing.start(now_s)
        return jobs + self._meeting.start(now_s)

    def wake_s(self, now_s: float) -> float | None:
        """When `due` may have more without anything happening; None: never."""
        times = [self._meeting.wake_s]
        if self.link.up:
            times += [self._queue.wake_s(now_s), self._passes.wake_s(now_s)]
            times.append(self._unanswered.wake_s)
        return min((at_s for at_s in times if at_s is not None), default=None)

    @property
    def settled(self) -> bool:
        """Whether all was compared and nothing is left but to wait for the world to change."""
        busy = self._parts.current is not None or self._meeting.asking
        busy = busy or self._parts.rules_in_doubt
        busy = busy or not self._listings.compared or not self._contact.concluded
        busy = busy or self._to_do > 0 or self.unanswered > 0
        return self.link.up and self.report.root_trouble is None and not busy

    @property
    def finished(self) -> bool:
        """Whether one pass has come to its end: settled, or stopped until a person acts."""
        stopped = isinstance(self.link.trouble, Stopped) or self.report.root_trouble is not None
        looking = self._parts.current is not None or len(self._questions) > 0
        looking = looking or not self._listings.compared
        waits = self.paused and not looking and not self._queue.under_way
        return self.settled or stopped or waits

    @property
    def pending(self) -> int:
        """
        Paths that are dirty, being looked at, waiting or under way, or on which JATOS may yet act.

        Refused ones are not counted.
        """
        return self._to_do + self.unanswered

    @property
    def _to_do(self) -> int:
        """Of these, what is known without a look at each path: it is asked at each step."""
        asked = len(self._questions) + len(self._contact)
        return len(self._dirty) + asked + self._queue.unrefused

    @property
    def unanswered(self) -> int:
        """Paths for which nothing is left to do but to see whether JATOS acts on them yet."""
        return sum(not self._parts.is_left(path) for path in self._late.awaited)

    @property
    def pending_bytes(self) -> int:
        """How much is waiting to be uploaded or under way, as far as it is known."""
        return self._queue.upload_bytes

    @property
    def undone(self) -> set[RelPath]:
        """The paths of `pending`, as far as they have names; a directory stands for what it has."""
        return {path for path in self._parts.left() if not self.given_up(path)}

    @property
    def work(self) -> Work:
        """What there is to do, for people."""
        current, listings = self._parts.current, self._listings
        looking = self._parts.rules_in_doubt or (current is not None and not current.routine)
        uploads = [item.action for item in self._queue if isinstance(item.action, Upload)]
        under_way, unanswered = self._queue.under_way, self.unanswered
        pending = self._to_do + unanswered
        return Work(
            starting=self.link.server is None,
            comparing=not listings.compared or (looking and listings.verified_s is None),
            settled=self.link.up and listings.compared and not looking and not pending,
            pending=pending,
            unanswered=unanswered,
            pending_bytes=self.pending_bytes,
            sending={
                action.path: action.content.size for action in uploads if action.path in under_way
            },
            verified_s=listings.verified_s,
            can_list=listings.possible,
        )

    def waited(self, wait: Wait) -> bool:
        """Whether everything that was in the scope when it began is on JATOS, or is no more."""
        return self.waits.over(wait, self._parts.is_left)

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
        kept = self._contact.rehearse(self.planned, self._parts.seen)
        for hold in [*self._guard.rehearse(self.planned), *kept]:
            self._holds.hold(hold, 0, 0.0)
        return [change for change in self.planned if change.path not in self._holds]
