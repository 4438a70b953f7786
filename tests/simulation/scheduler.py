"""
Time and threads of a simulated world: one real thread, and a heap of what happens when.

What would be a thread is a greenlet: it runs until it sleeps, and then somebody else's turn has
come. So every interleaving is a matter of numbers, and the same numbers give the same one.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

from greenlet import GreenletExit, getcurrent, greenlet

SPINS = 10_000
"""More cannot happen at one moment: somebody goes round in circles."""


class Task(greenlet):
    """A thread of one process (`owner`) of the simulated world."""

    def __init__(self, run: Callable[[], object], owner: object, about: object = None) -> None:
        super().__init__(run)
        self.owner = owner
        self.about = about
        """The job it works on, where it works on one."""


class Scheduler:
    """A clock that goes to where something is to happen."""

    def __init__(self, now_s: float) -> None:
        self.now_s = now_s
        self._events: list[tuple[float, int, object, Callable[[], object]]] = []
        self._numbers = itertools.count()
        self._hub = getcurrent()
        self._tasks: list[Task] = []
        self._gone: set[int] = set()
        self._over = False
        self._at_once = 0

    def at(self, when_s: float, what: Callable[[], object], owner: object = None) -> None:
        """Let `what` happen at that time, unless `owner` is killed before."""
        heapq.heappush(self._events, (max(when_s, self.now_s), next(self._numbers), owner, what))

    def start(self, run: Callable[[], object], owner: object, about: object = None) -> None:
        """Begin a thread."""
        task = Task(run, owner, about)
        task.parent = self._hub
        self._tasks.append(task)
        self.at(self.now_s, task.switch, owner)

    def sleep(self, seconds: float) -> None:
        """Let others go on for so long; to be called by a task."""
        task = current()
        assert task is not None, "only a task may sleep"
        self.at(self.now_s + seconds, task.switch, task.owner)
        self.rest()

    def rest(self) -> None:
        """Let others go on until somebody wakes this task; for ever, if nobody does."""
        if self._over:
            raise GreenletExit
        self._hub.switch()

    def run_until(self, when_s: float) -> None:
        """Let all happen that is to happen until then."""
        while self._events and self._events[0][0] <= when_s:
            at_s, _, owner, what = heapq.heappop(self._events)
            self._at_once = 0 if at_s > self.now_s else self._at_once + 1
            if self._at_once > SPINS:
                raise RuntimeError(f"it spins: {SPINS} things at {at_s}")
            self.now_s = at_s
            if id(owner) not in self._gone:
                what()
        self.now_s = max(self.now_s, when_s)

    def kill(self, owner: object) -> None:
        """Nothing of `owner` ever happens again; not even its `finally`, until the world ends."""
        self._gone.add(id(owner))
        task = current()
        if task is not None and task.owner is owner:
            self._hub.switch()

    def end(self) -> None:
        """The world ends: let go of what the tasks still hold."""
        self._over = True
        for task in self._tasks:
            if not task.dead:
                try:
                    task.throw(GreenletExit)
                except Exception:  # noqa: BLE001  (its world is gone: whatever it says)
                    continue
        self._tasks.clear()
        self._events.clear()


def current() -> Task | None:
    """The task that runs; None where the world itself acts."""
    running = getcurrent()
    return running if isinstance(running, Task) else None
