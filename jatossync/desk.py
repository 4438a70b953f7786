"""
The desk: answers what commands ask of the daemon, in the control loop.

It never waits: `status`, `pause` and the like are answered at once, `wait` when it is over. Files
in the folder are written by the commands, for a daemon in a sandbox may not: they get the bytes
here, and have put into the trash here what they are about to replace. What is to be known when
nobody runs any more, the desk leaves in the state.
"""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from jatossync.core.actions import Topic
from jatossync.core.holds import chosen
from jatossync.core.jobs import Job, Result, StateChanged, Stop, Stopped
from jatossync.core.model import Seen, Stat
from jatossync.core.paths import RelPath, rel_path
from jatossync.core.status import Moments, Place, Remark, Status, status
from jatossync.core.waits import Wait
from jatossync.engine import Engine
from jatossync.errands import Errand, remove, set_aside
from jatossync.jobs import NOT_MET, Jobs, Sides, let_go
from jatossync.service.control import Fields, Request

KEEP_S = 5.0
"""At least so long between two times that the status is left in the state."""

LONGEST_WAIT_S = 24 * 3600.0

SHOWN = 100
"""So many paths are named of those that are waited for."""


@dataclass
class _Waiting:
    request: Request
    wait: Wait
    until_s: float


class Desk:
    """
    All times are seconds of one monotonic clock.

    Args:
        start: Has a job done; `done` is to be called with what it led to.
        keep: Whether to leave the status in the state.
    """

    def __init__(
        self,
        sides: Sides,
        engine: Engine,
        jobs: Jobs,
        start: Callable[[Job], None],
        *,
        keep: bool,
    ) -> None:
        self._sides = sides
        self._engine = engine
        self._jobs = jobs
        self._start = start
        self._keep = keep
        self._since = time.time()
        self._moments = Moments()
        self._waiting: list[_Waiting] = []
        self._errands: list[tuple[Job, Errand, Request]] = []
        self._kept: Status | None = None
        self._kept_s = 0.0
        self._paused_since: float | None = None
        self.reread()

    def status(self, now_s: float) -> Status:
        """How it stands."""
        config, store = self._sides.config, self._sides.store
        place = Place(
            server=config.server,
            folder=self._sides.folder.path,
            study=config.study,
            since=self._since,
            files=store.files,
            paused_since=self._paused_since,
            uploads=self._jobs.uploads(now_s),
        )
        engine = self._engine
        at = time.time()
        wall = partial(self._moments.wall, now_s=now_s, at=at)
        return status(engine.link, engine.report, engine.work, place, wall=wall, at=at)

    def reread(self) -> None:
        """Somebody else wrote into the state."""
        self._paused_since = self._sides.store.memory.paused_since
        self._engine.paused = self._paused_since is not None

    def step(self, now_s: float) -> None:
        """Answer those whose wait is over; leave the status in the state now and then."""
        for waiting in list(self._waiting):
            if waiting.request.gone:
                self._leave(waiting)
            elif (outcome := self._outcome(waiting, now_s)) is not None:
                self._end_wait(waiting, outcome, now_s)
        if self._keep and now_s - self._kept_s >= KEEP_S:
            self._kept_s = now_s
            self._keep_status(self.status(now_s))

    def close(self, now_s: float) -> None:
        """Nobody runs any more."""
        for waiting in list(self._waiting):
            self._end_wait(waiting, "stopped", now_s)
        if self._keep:
            self._keep_status(self.status(now_s))

    def receive(self, request: Request, now_s: float) -> None:
        """A command asks something."""
        try:
            self._answer(request, now_s)
        except (AttributeError, LookupError, OverflowError, TypeError, ValueError) as exc:
            request.end(error=f"the request cannot be understood: {type(exc).__name__} {exc}")

    def done(self, job: Job, result: Result) -> bool:
        """A job has ended; whether it was one of the desk's own."""
        for mine in self._errands:
            if mine[0] is job:
                self._errands.remove(mine)
                self._go_on(mine[1], result, mine[2])
                return True
        return False

    # --- requests ------------------------------------------------------------------------------

    def _answer(self, request: Request, now_s: float) -> None:
        match request.asked["do"]:
            case "status":
                request.end(status=self.status(now_s).to_json())
            case "pause":
                self._sides.store.memory.pause()
                self._said_pause(request, now_s)
            case "resume":
                self._sides.store.memory.resume()
                self._said_pause(request, now_s)
            case "approve":
                request.end(approved=self._approve(request.asked["lists"], now_s))
            case "wait":
                self._wait(request, now_s)
            case "fetch":
                request.hand_over(partial(self._hand_over, _path(request.asked["path"])))
            case "set aside":
                asked = request.asked
                path, stat = _path(asked["path"]), Stat(*asked["stat"])
                errand = set_aside(self._sides.store, path, stat, str(asked["why"]))
                self._go_on(errand, None, request)
            case "remove":
                path, why = _path(request.asked["path"]), str(request.asked["why"])
                if self._engine.link.server is None:
                    request.end(fault=NOT_MET)
                else:
                    self._go_on(remove(self._sides.store, path, why), None, request)
            case "let go":
                numbers = set(request.asked["numbers"])
                index = self._sides.store.trash_index()
                doomed = [each for each in index if each.number in numbers]
                let_go(self._sides.store, self._sides.trash, doomed)
                request.end(gone=[each.number for each in doomed])
            case other:
                request.end(error=f"the jatossync that runs does not know {other!r}")

    def _said_pause(self, request: Request, now_s: float) -> None:
        self.reread()
        request.end(status=self.status(now_s).to_json())

    def _approve(self, lists: dict[str, list[str]], now_s: float) -> list[str]:
        """Approve exactly these paths of these lists, as far as they still wait in them."""
        holds = chosen(self._sides.store.holds.lists(), lists)
        self._sides.store.holds.approve(holds)
        self._engine.command(StateChanged(), now_s)
        return [hold.path for hold in holds]

    def _wait(self, request: Request, now_s: float) -> None:
        paths = [_path(path) if path else RelPath("") for path in request.asked["paths"]]
        timeout_s = min(float(request.asked["timeout_s"]), LONGEST_WAIT_S)
        wait = self._engine.wait(paths or [RelPath("")], now_s)
        self._waiting.append(_Waiting(request, wait, now_s + timeout_s))

    def _go_on(self, errand: Errand, result: Result | None, request: Request) -> None:
        """Start the next job of an errand, or say how it ended."""
        try:
            job = next(errand) if result is None else errand.send(result)
        except StopIteration as over:
            request.end(**over.value)
            return
        self._errands.append((job, errand, request))
        self._start(job)

    def _hand_over(self, path: RelPath, send: Callable[[Fields], None]) -> Fields:
        """What lies on JATOS, to a command that writes it into the folder."""
        found = self._jobs.fetch(path, lambda chunk: send({"bytes": b64encode(chunk).decode()}))
        if isinstance(found, Seen):
            return {"found": found.size is not None}
        return {"fault": found.reason}

    # --- waits ---------------------------------------------------------------------------------

    def _outcome(self, waiting: _Waiting, now_s: float) -> str | None:
        if any(self._blockers(waiting.wait)):
            return "blocked"
        if self._engine.waited(waiting.wait):
            return "done"
        return "timeout" if now_s >= waiting.until_s else None

    def _blockers(self, wait: Wait) -> Iterator[Remark]:
        """What only a person can help, as far as it is waited for."""
        engine, report = self._engine, self._engine.report
        if isinstance(trouble := engine.link.trouble, Stopped):
            topic = "locked" if trouble.stop is Stop.LOCKED else "stopped"
            yield Remark("", topic, trouble.reason)
        if wait.unlooked:
            return
        for held in report.held:
            for path, hold in held.paths.items():
                if wait.covers(path):
                    yield Remark(path, "held", hold.why)
        for path, refusal in report.refused.items():
            if wait.covers(path) and engine.given_up(path):
                yield Remark(path, "refused", refusal.reason)
        for path, note in report.notes.items():
            if note.topic is Topic.UNKNOWN and wait.covers(path):
                yield Remark(path, Topic.UNKNOWN.value, note.why)
        if engine.kept_waiting(wait):
            yield Remark("", "paused", "nothing is sent until `jatossync resume`")

    def _end_wait(self, waiting: _Waiting, outcome: str, now_s: float) -> None:
        wait, store = waiting.wait, self._sides.store
        left = sorted(filter(None, wait.left)) if outcome != "done" else []
        told: dict[str, Any] = {
            "outcome": outcome,
            "blockers": [[each.path, each.topic, each.reason] for each in self._blockers(wait)],
            "left": left[:SHOWN],
            "left_count": len(left),
            "unknown": [path for path in wait.scope if path and not store.rows([path])],
            "status": self.status(now_s).to_json(),
        }
        waiting.request.end(**told)
        self._leave(waiting)

    def _leave(self, waiting: _Waiting) -> None:
        self._engine.waits.end(waiting.wait)
        self._waiting.remove(waiting)

    def _keep_status(self, told: Status) -> None:
        """Only what changed: a state that is written all the time keeps a disk awake."""
        settled = replace(told, at=0.0, sending=(), pending_bytes=0)
        if settled != self._kept:
            self._kept = settled
            self._sides.store.memory.keep_status(told.to_json())


def _path(given: str) -> RelPath:
    """
    Raises:
        BadPath: It is none.
    """
    return rel_path(given.encode())
