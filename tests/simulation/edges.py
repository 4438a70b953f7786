"""
The edges of the program, led into a simulated world: clock, threads, network, kernel.

Everything between them is the program's own: control loop, engine, jobs, guards, scanner, client,
state and trash. What is put in here replaces what the operating system does, never a decision.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import queue
import secrets
import sys
import threading
import time
import types
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx

import jatossync
from jatossync import daemon, threads
from jatossync.core import upkeep
from jatossync.core.jobs import GitState, Job
from jatossync.core.model import Stat
from jatossync.core.paths import RelPath
from jatossync.local import directory, git, watch
from jatossync.local.directory import DIRECTORY_FLAGS, DescriptorDirectory
from jatossync.local.mounts import Mount, mount_table
from jatossync.service import control
from tests.simulation.scheduler import current

if TYPE_CHECKING:
    from tests.simulation.world import World

SMALL = {
    "SMALL_BYTES": 200,
    "LARGE_BYTES": 600,
    "NOT_WAITED_FOR_BYTES": 2000,
    "CHUNK_BYTES": 64,
    "MANY_WRITES": 8,
    "FLOOD": 40,
}
"""What is large or many in a world whose files have some hundred bytes."""

_world: World | None = None


def world() -> World:
    """The world that is simulated now."""
    assert _world is not None, "no world is simulated now"
    return _world


def tick(seconds: float) -> None:
    """How often the control loop looks around without being woken."""
    daemon.TICK_S = seconds


@contextmanager
def living(simulated: World) -> Iterator[None]:
    """Let the edges lead into this world."""
    global _world
    before, _world = _world, simulated
    try:
        yield
    finally:
        _world = before


# --- clock ----------------------------------------------------------------------------------------


def _monotonic() -> float:
    return world().scheduler.now_s


def _time_ns() -> int:
    return world().wall_ns()


def _time() -> float:
    return world().wall_ns() / 1e9


_CLOCKS: dict[object, Callable[[], float]] = {
    time.monotonic: _monotonic,
    time.time: _time,
    time.time_ns: _time_ns,
}
_TIME = types.SimpleNamespace(
    **{**vars(time), **{f.__name__: _CLOCKS[f] for f in (time.monotonic, time.time, time.time_ns)}}
)


def _token_hex(count: int) -> str:
    return f"{world().stamp() * 2654435761 % 16 ** (2 * count):0{2 * count}x}"


_SECRETS = types.SimpleNamespace(**{**vars(secrets), "token_hex": _token_hex})
"""What nobody can guess, but the same in each life of a history."""


# --- threads --------------------------------------------------------------------------------------


class Inbox:
    """A `queue.SimpleQueue` whose waiting is simulated."""

    def __init__(self) -> None:
        self._messages: deque[Any] = deque()
        self._waiting: object | None = None
        self._wake: Callable[[], None] | None = None

    def put(self, message: Any) -> None:
        self._messages.append(message)
        if self._wake is not None:
            world().scheduler.at(world().scheduler.now_s, self._wake)

    def get_nowait(self) -> Any:
        if not self._messages:
            raise queue.Empty
        return self._messages.popleft()

    def get(self, timeout: float) -> Any:
        if not self._messages:
            self._wait(timeout)
        return self.get_nowait()

    def _wait(self, timeout_s: float) -> None:
        scheduler, task = world().scheduler, current()
        assert task is not None
        mine = self._waiting = object()

        def wake() -> None:
            if self._waiting is mine:
                self._waiting, self._wake = None, None
                task.switch()

        self._wake = lambda: None if task.owner in world().dead else wake()
        scheduler.at(scheduler.now_s + timeout_s, wake, task.owner)
        scheduler.rest()


class Lock:
    """A `threading.Lock` that a task may wait for."""

    def __init__(self) -> None:
        self._held = False

    def __enter__(self) -> None:
        while self._held:
            world().scheduler.sleep(0.01)
        self._held = True

    def __exit__(self, *_: object) -> None:
        self._held = False


_THREADING = types.SimpleNamespace(**{**vars(threading), "Lock": Lock})


class Pool:
    """threads.Pool, with tasks for threads."""

    def __init__(self, name: str, size: int, work: Callable[[Job], None]) -> None:
        self._size = size
        self._running = 0
        self._work = work
        self._jobs: deque[Job] = deque()
        task = current()
        assert task is not None, "the daemon is a task"
        self._owner = task.owner
        self._closed = False

    def put(self, job: Job) -> None:
        world().laws.started(job)
        self._jobs.append(job)
        self._next()

    def close(self) -> None:
        self._closed = True

    def _next(self) -> None:
        if self._jobs and self._running < self._size:
            job = self._jobs.popleft()
            self._running += 1
            world().scheduler.start(lambda: self._do(job), self._owner, job)

    def _do(self, job: Job) -> None:
        world().begins("start", job)
        self._work(job)
        self._running -= 1
        self._next()


# --- kernel ---------------------------------------------------------------------------------------


class Watcher:
    """local/watch.py's Watcher: told by the folder of this world."""

    blind: tuple[str, str] | None = None

    def __init__(
        self,
        folder_path: str,
        hint: Callable[[RelPath, bool], None],
        lost: Callable[[str], None],
    ) -> None:
        self.hint = hint
        self.lost = lost

    def start(self) -> None:
        world().watcher = self

    def renew(self) -> None:
        pass

    def healthy(self) -> bool:
        return True

    def stop(self) -> None:
        if world().watcher is self:
            world().watcher = None


def _stat_of(found: os.stat_result) -> Stat:
    ctime_ns = world().folder.ctime_ns(found)
    stat = Stat(found.st_size, found.st_mtime_ns, ctime_ns, found.st_ino)
    world().looked_at_disk()
    return stat


class _Directory(DescriptorDirectory):
    """A directory in which some things cannot be read, whoever asks (root may read all)."""

    def enter(self, name: str) -> _Directory:
        child = _Directory(super().enter(name).descriptor)
        try:
            world().folder.check_readable(os.fstat(child.descriptor))
        except OSError:
            child.close()
            raise
        return child

    def open_file(self, name: str) -> int:
        descriptor = super().open_file(name)
        try:
            world().folder.check_readable(os.fstat(descriptor))
        except OSError:
            os.close(descriptor)
            raise
        return descriptor


def _open_top(path: str) -> _Directory:
    return _Directory(os.open(path, DIRECTORY_FLAGS))


def _mount_table() -> list[Mount]:
    return world().folder.mounts


def _git_state(folder: str) -> GitState:
    return GitState(None, None)


# --- network --------------------------------------------------------------------------------------


def _handle_request(_: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
    return world().jatos.serve(request)


# --- installing -----------------------------------------------------------------------------------


@contextmanager
def installed() -> Iterator[None]:
    """Put all edges in; take them out at the end."""
    undo: list[tuple[Any, str, Any]] = []

    def put(owner: Any, name: str, value: Any) -> None:
        undo.append((owner, name, getattr(owner, name)))
        setattr(owner, name, value)

    replaced = {
        id(time): _TIME,
        id(secrets): _SECRETS,
        id(threading): _THREADING,
        id(directory.stat_of): _stat_of,
        id(directory.open_top): _open_top,
        id(mount_table): _mount_table,
        id(git.git_state): _git_state,
        id(threads.Pool): Pool,
        id(watch.Watcher): Watcher,
        id(control.available): lambda: False,
    }
    for module in _modules():
        for name, value in list(vars(module).items()):
            if id(value) in replaced:
                put(module, name, replaced[id(value)])
            elif name in SMALL and isinstance(value, int):
                put(module, name, SMALL[name])
            elif isinstance(value, type) and value.__module__ == module.__name__:
                for method in vars(value).values():
                    _put_clocks(method, put)
    put(daemon, "TICK_S", daemon.TICK_S)
    put(upkeep, "ASLEEP_S", 100.0)  # longer than any tick here
    put(daemon, "queue", types.SimpleNamespace(SimpleQueue=Inbox, Empty=queue.Empty))
    put(daemon, "random", types.SimpleNamespace(random=lambda: 0.5))
    put(httpx.HTTPTransport, "handle_request", _handle_request)
    try:
        yield
    finally:
        for owner, name, value in reversed(undo):
            setattr(owner, name, value)


def _put_clocks(method: object, put: Callable[[Any, str, Any], None]) -> None:
    """Clocks that are the default of an argument."""
    if isinstance(method, types.FunctionType) and method.__defaults__:
        defaults = tuple(_CLOCKS.get(_hashable(each), each) for each in method.__defaults__)
        if defaults != method.__defaults__:
            put(method, "__defaults__", defaults)


def _hashable(value: object) -> object:
    return value if callable(value) else None


def _modules() -> list[types.ModuleType]:
    """All of the program that a daemon could use."""
    for found in pkgutil.walk_packages(jatossync.__path__, "jatossync."):
        if not found.name.startswith("jatossync.cli.demo") and "__main__" not in found.name:
            importlib.import_module(found.name)
    return [module for name, module in sys.modules.items() if name.startswith("jatossync.")]
