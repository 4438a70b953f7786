"""
A world for the engine on one thread: a folder, a JATOS and a clock that are values.

Jobs take no time unless a test says so, and end in the order of their times: a test says what
happens and when. Only the store is real.
"""

from __future__ import annotations

import hashlib
import heapq
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jatossync.core.actions import Delete, Hash, Keep, Look, Upload
from jatossync.core.jobs import (
    AlreadyThere,
    Ask,
    Done,
    Foreign,
    GitState,
    Job,
    List,
    NoListing,
    Overtaken,
    Provenance,
    Result,
    Scan,
    Server,
    SetAside,
)
from jatossync.core.model import Content, Entry, Kind, Listing, Seen, Snapshot, Stat
from jatossync.core.paths import Dialect, RelPath, within
from jatossync.core.ports import Settings
from jatossync.engine import Engine
from jatossync.state.store import Store

SERVER = Server(
    api_version="1.1.0",
    dialect=Dialect.ENVELOPE,
    username="researcher",
    token_expires_ms=0,
    study_id=1,
    study_uuid="8f3c2d6e-0000-4000-8000-000000000000",
    study_title="Stroop",
    dir_name="stroop",
    locked=False,
)


def asks_jatos(job: Job) -> bool:
    """Whether the job is a request."""
    return not isinstance(job, Scan | Hash | Provenance)


def content_of(data: bytes) -> Content:
    return Content(len(data), hashlib.sha256(data).hexdigest(), zlib.adler32(data))


class World:
    """What is where, what was sent, and an engine in the middle."""

    def __init__(self, store: Store, settings: Settings | None = None) -> None:
        self.now_s = 1000.0
        self.server: Result = SERVER
        self.can_list = True
        self.local: dict[str, bytes] = {}
        self.stats: dict[str, int] = {}
        self.remote: dict[str, bytes] = {}
        self.trash: list[bytes] = []
        self.sent: list[tuple[str, str]] = []
        """`(verb, path)` of every request that wrote."""
        self.jobs: list[Job] = []
        self.trouble: Callable[[Job], Result | None] = lambda job: None
        """Answers a job instead of the world; None leaves it to the world."""
        self.during: Callable[[Job], None] = lambda job: None
        """Happens between what a job does and its answer."""
        self.latency_s: Callable[[Job], float] = lambda job: 0.0
        """How long a job takes; what it does, it does at its end."""
        self.running: list[tuple[float, int, Job]] = []
        self._started = 0
        self.ticks = 0
        self.engine = Engine(store, settings or Settings(), lambda: 1.0)

        self.listed_ms = 5
        """The time on JATOS of every file."""
        self.look_small = True
        """Whether a look tells the bytes, as of small files, or just the size."""
        self.wall_s: Callable[[], float] = lambda: 0.0
        """The wall clock, which is also the store's."""
        self.git: frozenset[str] = frozenset()
        """What git is doing in the folder."""
        self.large: set[str] = set()
        """Paths that the scan leaves to a Hash, as it does with large files."""

    # What people do.

    def save(self, path: str, data: bytes, *, hint: bool = True) -> None:
        self.ticks += 1
        self.local[path] = data
        self.stats[path] = self.ticks
        if hint:
            self.engine.hint(RelPath(path), self.now_s)

    def remove(self, path: str, *, hint: bool = True) -> None:
        del self.local[path]
        if hint:
            self.engine.hint(RelPath(path), self.now_s)

    # Time.

    def settle(self) -> None:
        """Let time pass until nothing is left to do."""
        for _ in range(10_000):
            self._start_due()
            if self.engine.settled and not self.running:
                return
            next_s = self._next_s()
            assert next_s is not None, "nothing will ever be due"
            self._go_on_to(next_s)
        raise AssertionError("the engine never settles")

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        until_s = self.now_s + seconds
        self._start_due()
        while (next_s := self._next_s()) is not None and next_s <= until_s:
            self._go_on_to(next_s)
            self._start_due()
        self.now_s = until_s

    def _start_due(self) -> None:
        """Start what is due; what takes no time is done at once."""
        while jobs := self.engine.due(self.now_s):
            for job in jobs:
                self.jobs.append(job)
                self._started += 1
                ends_s = self.now_s + self.latency_s(job)
                heapq.heappush(self.running, (ends_s, self._started, job))
            self._finish_ended()

    def _next_s(self) -> float | None:
        times = [self.engine.wake_s(self.now_s)] + [ends_s for ends_s, _, _ in self.running[:1]]
        return min((at_s for at_s in times if at_s is not None), default=None)

    def _go_on_to(self, at_s: float) -> None:
        self.now_s = max(self.now_s, at_s)
        self._finish_ended()

    def _finish_ended(self) -> None:
        while self.running and self.running[0][0] <= self.now_s:
            job = heapq.heappop(self.running)[2]
            result = self.trouble(job)
            if result is None:
                result = self._do(job)
            self.during(job)
            self.engine.done(job, result, self.now_s)

    @contextmanager
    def happening(self, what: Callable[[Job], None]) -> Iterator[None]:
        self.during = what
        yield
        self.during = lambda job: None

    # What jobs do.

    def _do(self, job: Job) -> Result:
        match job:
            case Ask():
                return self.server
            case List():
                if not self.can_list:
                    return NoListing("this JATOS cannot list")
                return Listing({RelPath(p): self._listed(d) for p, d in self.remote.items()})
            case Provenance():
                return GitState(None, None)
            case Scan():
                return self._scan(job)
            case Hash():
                return self._entry(job.path) if job.path in self.local else Overtaken("it is gone")
            case Look():
                return self._look(job.path, job.whole)
            case Keep():
                return self._keep(job.path)
            case Upload() | Delete():
                return self.act(job)
            case SetAside():
                raise AssertionError("commands ask for it, never the engine")

    def _scan(self, job: Scan) -> Snapshot:
        entries = {}
        for path in self.local:
            if within(RelPath(path), job.scope):
                entries[RelPath(path)] = self._scanned(RelPath(path), job)
        return Snapshot(job.scope, entries, git=self.git)

    def _scanned(self, path: RelPath, job: Scan) -> Entry:
        entry = self._entry(path)
        known = job.known.get(path)
        if known is not None and known.stat == entry.stat:
            content, hashed_at_ns = known.content, known.hashed_at_ns
            return Entry(entry.kind, stat=entry.stat, content=content, hashed_at_ns=hashed_at_ns)
        return Entry(entry.kind, stat=entry.stat) if path in self.large else entry

    def _entry(self, path: str) -> Entry:
        data = self.local[path]
        tick = self.stats[path]
        stat = Stat(len(data), tick, tick, 1)
        kind = Kind.FILE if data else Kind.EMPTY
        return Entry(
            kind, stat=stat, content=content_of(data), hashed_at_ns=int(self.wall_s() * 1e9)
        )

    def _look(self, path: str, whole: bool = False) -> Seen:
        data = self.remote.get(path)
        if data is None:
            return Seen(None, looked=True)
        if not (self.look_small or whole):
            return Seen(len(data), looked=True)
        content = content_of(data)
        return Seen(content.size, content.adler32, content.sha256, looked=True)

    def _listed(self, data: bytes) -> Seen:
        return Seen(len(data), zlib.adler32(data), modified_ms=self.listed_ms)

    def _keep(self, path: str) -> Seen:
        self.trash.append(self.remote[path])
        content = content_of(self.remote[path])
        return Seen(content.size, content.adler32, content.sha256, looked=True, kept=True)

    def act(self, job: Upload | Delete) -> Result:
        """What a request that writes leads to, where nothing goes wrong."""
        return self._upload(job) if isinstance(job, Upload) else self._delete(job)

    def _upload(self, job: Upload) -> Result:
        data = self.local.get(job.path)
        if data is None or content_of(data) != job.content:
            return Overtaken("it changed")
        there = self.remote.get(job.path)
        if job.look and there is not None:
            # Of a large file the size is looked at, unless it may have been sent before.
            if there == data and (self.look_small or job.content in job.replaceable):
                return AlreadyThere()
            if content_of(there) not in job.replaceable:
                return Foreign(self._look(job.path))
        self.sent.append(("upload", job.path))
        self.remote[job.path] = data
        return Done()

    def _delete(self, job: Delete) -> Result:
        if job.path in self.local:
            return Overtaken("it is there")
        if self.git - job.despite:
            return Overtaken("git is at work")
        there = self.remote.get(job.path)
        if job.look and there is None:
            return AlreadyThere()
        if job.look and there is not None and content_of(there) not in job.replaceable:
            return Foreign(self._look(job.path))
        self.sent.append(("delete", job.path))
        del self.remote[job.path]
        return Done()
