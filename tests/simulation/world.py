"""
A simulated world: a folder and people who edit it, a JATOS and others who change it, and between
them the whole program, which lives, is killed and begins anew.
"""

from __future__ import annotations

import itertools
import os
import shutil
import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from jatossync.cli.setup import opened
from jatossync.config import Config, load
from jatossync.core.actions import Delete, HoldKind, Topic
from jatossync.core.holds import HeldList
from jatossync.core.jobs import Job
from jatossync.core.paths import RelPath, fold
from jatossync.core.report import Event
from jatossync.daemon import Daemon
from jatossync.engine import Engine
from jatossync.errors import ConfigError, JatossyncError
from jatossync.jobs import Sides
from jatossync.state.store import Store
from tests.simulation import edges
from tests.simulation.folder import Folder, Stance
from tests.simulation.jatos import UUID, Jatos, Request, digest
from tests.simulation.laws import STOOD_S, Laws
from tests.simulation.on_disk import OnDisk
from tests.simulation.scheduler import Scheduler, current

EPOCH_S = 1_700_000_000.0
RESTART_S = 20.0
"""When whatever started the program starts it again after it has ended by itself."""

LONGEST_END_S = 4 * 3600.0


@dataclass(frozen=True)
class Setup:
    """What does not happen, but is so, in one history."""

    seed: int = 0
    """For the times that requests and scans take."""
    dialect: str = "3.10"
    names: str = "exact"
    """How the disk of JATOS tells names apart (`emulator/paths.py`)."""
    workers: int = 3
    drift: str = "hold"
    conflict: str = "keep-copy"
    max_files: int = 20
    max_share: float = 0.3
    page: str = ""
    """The page of a component."""
    latency_s: float = 0.02
    scan_s: float = 0.0
    """How long a scan may take between two looks at the disk."""
    tick_ms: int = 4
    """How coarse the times of files are."""
    deletes: str = "mirror"
    quiet: str = "300ms"
    verify: str = "10m"

    def __repr__(self) -> str:
        defaults = Setup()
        shown = [
            f"{name}={getattr(self, name)!r}"
            for name in self.__dataclass_fields__
            if getattr(self, name) != getattr(defaults, name)
        ]
        return f"Setup({', '.join(shown)})"


class Process:
    """One life of the program."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.sides: Sides | None = None
        self.daemon: Daemon | None = None

    def live(self) -> None:
        """What `jatossync run` does, until it is stopped."""
        try:
            if self._world.folder.is_away:
                raise ConfigError("the folder is away")
            with opened(self._world.configured(), alone=False) as sides:
                self.sides = sides
                self.daemon = Daemon(sides, self._world.heard)
                self.daemon.run(watch=True)
        except JatossyncError as error:
            self._world.heard(Event("ended", "error", {"reason": str(error)}))
        self._world.ended(self)

    def let_go(self) -> None:
        """What the system does for a process that was killed: nothing of it is written any more."""
        if self.sides is not None:
            connection = self.sides.store._db._connection
            with suppress(sqlite3.ProgrammingError):  # it had let go of it by itself
                connection.rollback()
            connection.close()


class World:
    """See the module. All of it lies below `place`."""

    def __init__(self, setup: Setup, place: Path) -> None:
        self.setup = setup
        self.place = place
        edges.tick(2.0)
        self._stamps = itertools.count(1)
        self.scheduler = Scheduler(now_s=1000.0)
        self.folder = Folder(self, str(place / "study"), setup.tick_ms * 1_000_000)
        with edges.living(self):
            self.jatos = Jatos(self, place / "jatos", setup)
        self.laws = Laws(self)
        self.state = str(place / "state")
        self.on_disk = OnDisk(self.state)
        self._edited = setup
        self.process: Process | None = None
        self.dead: set[Process] = set()
        self.watcher: edges.Watcher | None = None
        self.hints = "prompt"
        self.paused_s: float | None = None
        self.events: list[Event] = []
        self._moments: dict[str, list[tuple[int, Callable[[], None]]]] = defaultdict(list)
        self._looks = 0

    def reconfigure(self, setting: str, value: str | int) -> None:
        """A person edits the configuration, which nobody reads before the next start."""
        changed: dict[str, Any] = {setting: value}
        self._edited = replace(self._edited, **changed)

    def configured(self) -> Config:
        """What a start of the program finds in its configuration."""
        self.setup = self._edited
        token = self.place / "token"
        token.touch(0o600)
        token.write_text(self.jatos.token.token)
        written: dict[str, Any] = {
            "server": "http://localhost:9",
            "study": UUID,
            "folder": self.folder.place,
            "token_file": str(token),
            "state": self.state,
            "drift": self.setup.drift,
            "conflict": self.setup.conflict,
            "watch": {"quiet": self.setup.quiet, "verify": self.setup.verify},
            "deletes": {
                "mode": self.setup.deletes,
                "max_files": self.setup.max_files,
                "max_share": self.setup.max_share,
            },
            "upload": {"workers": self.setup.workers},
        }
        config = self.place / "jatossync.yaml"
        config.write_text(yaml.dump(written, Dumper=yaml.CSafeDumper))
        return load(str(config))

    # What everybody asks.

    def stamp(self) -> int:
        """The next step of the world: later things have larger numbers."""
        return next(self._stamps)

    def wall_ns(self) -> int:
        """The wall clock."""
        return int((EPOCH_S + self.scheduler.now_s) * 1e9)

    def dice(self, *what: object) -> float:
        """A number from 0 to 1 that depends on nothing but the seed and `what`."""
        return zlib.crc32(repr((self.setup.seed, *what)).encode()) / 2**32

    def latency_s(self, *what: object) -> float:
        """How long something takes."""
        return self.setup.latency_s * (0.2 + 1.6 * self.dice("latency", *what))

    @property
    def engine(self) -> Engine | None:
        """The engine of the program that runs."""
        daemon = self.process.daemon if self.process else None
        return daemon.engine if daemon else None

    def in_trash(self, data: bytes) -> bool:
        """Whether these bytes are kept."""
        sha = digest(data)
        return os.path.exists(os.path.join(self.state, "trash", sha[:2], sha))

    def sent_bytes(self, asked: Request) -> bytes:
        """The file in the body of an upload."""
        head_end = asked.body.index(b"\r\n\r\n") + 4
        return asked.body[head_end : asked.body.rindex(b"\r\n--", 0, -4)]

    # Time.

    def wait(self, seconds: float) -> None:
        """Let everything go on for so long."""
        with edges.living(self):
            self.scheduler.run_until(self.scheduler.now_s + seconds)

    def sleep(self, seconds: float) -> None:
        """The task that runs takes so long; what the world itself does takes no time."""
        if seconds > 0 and current() is not None:
            self.scheduler.sleep(seconds)

    def begins(self, why: str, job: Job) -> None:
        """A thread takes a moment to begin."""
        path = getattr(job, "path", type(job).__name__)
        self.sleep(0.002 * self.dice(why, type(job).__name__, path))
        if isinstance(job, Delete):
            self.moment("delete")

    # Moments in which something happens in the middle of something else.

    def during(self, moment: str, count: int, what: Callable[[], None]) -> None:
        """Let `what` happen at the `count`-th such moment from now."""
        self._moments[moment].append((count, what))

    def moment(self, name: str) -> None:
        """One has come."""
        waiting = self._moments[name]
        if not waiting:
            return
        self._moments[name] = [(count - 1, what) for count, what in waiting if count > 1]
        for count, what in waiting:
            if count <= 1:
                what()

    def looked_at_disk(self) -> None:
        """The program has just seen the status of a file: what comes next may overtake it."""
        task = current()
        if task is None or task.about is None or isinstance(task.about, Delete):
            return
        self.moment("stat")
        self._looks += 1
        if self.setup.scan_s:
            self.sleep(self.setup.scan_s * (self.dice("scan", self._looks) < 0.2))

    # The program.

    def start_unless_running(self) -> None:
        """Start the program, as a person or the system does."""
        if self.process is None:
            self.process = Process(self)
            self.scheduler.start(self.process.live, self.process)

    def kill(self) -> None:
        """kill -9, and the start that follows."""
        process, self.process = self.process, None
        if process is None:
            return
        self.dead.add(process)
        self.watcher = None
        with edges.living(self):
            self.jatos.crash_of_client()
        process.let_go()
        self.scheduler.at(self.scheduler.now_s + 1.0, self.start_unless_running)
        self.scheduler.kill(process)

    def ended(self, process: Process) -> None:
        """The program has come to its end; what its threads still did, nobody waits for."""
        self.process = None
        self.dead.add(process)
        self.jatos.crash_of_client()
        self.scheduler.at(self.scheduler.now_s + RESTART_S, self.start_unless_running)
        self.scheduler.kill(process)

    def stop(self) -> None:
        """SIGTERM, and a start a while later."""
        if self.process is not None and self.process.daemon is not None:
            with edges.living(self):
                self.process.daemon.stop()

    # What people say to it.

    def approve(self, wanted: Callable[[HeldList], bool], share: float = 1.0) -> None:
        """A person says yes to (a share of) these lists, in a process of its own."""
        with self._state() as store:
            holds = [
                hold
                for held in store.holds.lists()
                for path, hold in held.paths.items()
                if wanted(held) and self.dice("approves", path, self.scheduler.now_s) < share
            ]
            self.laws.approves(holds)
            store.holds.approve(holds)

    def pause(self, paused: bool) -> None:
        """A person lets it pause, or go on."""
        with self._state() as store:
            store.memory.pause() if paused else store.memory.resume()
        self.paused_s = self.scheduler.now_s if paused else None

    @contextmanager
    def _state(self) -> Iterator[Store]:
        while self.process and self.process.sides and self.process.sides.store.uncommitted:
            self.wait(0.05)
        with closing(Store(self.state)) as store:
            yield store

    def heard(self, event: Event) -> None:
        """What the program says."""
        if self.jatos.token.token in repr(event):
            raise self.laws.broken("L12", f"the token was said: {event.name}")
        self.events.append(event)

    # Hints.

    def hint(self, path: str) -> None:
        """The kernel has something to say about a path."""
        copies = {"lost": 0, "doubled": 2}.get(self.hints, 1)
        late_s = {"late": 7.0, "doubled": 1.0}.get(self.hints, 0.005)
        for copy in range(copies):
            after_s = late_s * (copy + self.dice("hint", path, copy, self.scheduler.now_s))
            self.scheduler.at(self.scheduler.now_s + after_s, lambda: self._deliver(path))
        if self.hints != "prompt":
            self.trouble()

    def _deliver(self, path: str) -> None:
        if self.watcher is not None:
            self.laws.hinted[path] = self.watcher, self.stamp(), self.scheduler.now_s
            with edges.living(self):
                self.watcher.hint(RelPath(path), False)

    def is_calm(self) -> bool:
        """Whether nothing goes wrong just now, and nothing waits for its moment to do so."""
        waiting = any(self._moments.values()) or any(fault.left for fault in self.jatos.faults)
        waiting = waiting or bool(self.jatos.late)
        engine = self.engine
        well = engine is not None and engine.settled and not engine.report.refused
        ruled = self.scheduler.now_s - self.laws.ruled_s < STOOD_S
        return self.hints == "prompt" and not waiting and well and not ruled

    def trouble(self) -> None:
        """From now on not all is well, and order cannot be promised for what was just saved."""
        for together in self.laws.saved_together:
            together.calm = False

    # The end.

    def finish(self) -> None:
        """All trouble ends; then both sides must become equal, and stay so in silence."""
        self._heal()
        edges.tick(30.0)
        began_s = self.scheduler.now_s
        while not self._at_rest():
            if self.scheduler.now_s - began_s > LONGEST_END_S:
                raise self.laws.broken("L15", f"it never comes to rest: {self._restless()}")
            self.wait(61.0)  # not as often as it verifies: it may be at that each time
            self.laws.step()
            self.approve(self._is_to_be_approved)
        self._equal()
        writes = self.jatos.writes
        self.wait(700.0)
        settled = self.jatos.exact or not self.engine or not self.engine.report.refused
        if self.jatos.writes != writes and settled:  # of two that are refused one may go up yet
            raise self.laws.broken("L8", "it writes although both sides were in step")
        self.laws.step()
        self._equal()
        self._honest()

    def _is_to_be_approved(self, held: HeldList) -> bool:
        if held.kind in (HoldKind.DRIFT, HoldKind.CONFLICT):
            return self.dice("ours") < 0.5  # else it stays as others want it
        return held.kind is not HoldKind.UNSEEN

    def _heal(self) -> None:
        self.trouble()
        self._moments.clear()
        self.jatos.faults.clear()
        self.jatos.switches.allowed = True
        self.jatos.token.active = True
        self.jatos.study.locked, self.laws.locked_s = False, None
        self.jatos.study.member = True
        self.folder.come_back()
        self.folder.all_readable()
        self.hints = "prompt"
        self.pause(False)
        self.start_unless_running()

    def _at_rest(self) -> bool:
        engine = self.engine
        if engine is None or not engine.settled:
            return False
        if any(map(self._is_to_be_approved, engine.report.held)):
            return False
        refused = [path for path in engine.report.refused if not self.cannot_be_there(path)]
        if self.setup.dialect != "3.8" and self.laws.listed_s < self.laws.others_s:
            return False  # what takes long is verified later
        return not refused and self.scheduler.now_s > self._settled_after_s()

    def _settled_after_s(self) -> float:
        """Two rescans and a verification after the last change of anything."""
        return max([*self.folder.changed_s.values(), 0.0]) + 1300.0

    def _restless(self) -> str:
        engine = self.engine
        if engine is None:
            return "it does not run"
        return (
            f"link {engine.link.trouble}, pending {engine.pending}, "
            f"refused {dict(engine.report.refused)}, root {engine.report.root_trouble}"
        )

    def _equal(self) -> None:
        """Law 15."""
        engine = self.engine
        assert engine is not None
        everywhere = {*self.folder.files(), *self.jatos.files(), *self.folder.versions}
        for path in sorted(everywhere):
            wrong = self._wrong(path, self.jatos.at(path))
            if wrong is not None:
                raise self.laws.broken(
                    "L15", f"{path} {wrong}; it says: {self._said_of(engine, path)}"
                )

    def _wrong(self, path: str, there: bytes | None) -> str | None:
        """What is wrong with a path in the end; None where it is as it should be."""
        engine = self.engine
        assert engine is not None
        is_held = any(each in engine.report.held for each in self.laws.spellings(path))
        asked = self.laws.touched(path) or not self.jatos.exact  # of an old spelling's bytes
        held = (asked and is_held) or self._unnoticeable(path)
        lies = self.laws.lies_at(path)
        match self.folder.stance(path):
            case Stance.FILE:
                if there == self.folder.read(path) or held or self.cannot_be_there(path):
                    return None
                return f"is {there and there[:30]!r} there and {self.folder.read(path)[:30]!r} here"
            case Stance.ABSENT:
                theirs = lies is not None and not lies.ours
                stays = self._stays(path) or self.setup.deletes == "keep"
                if there is None or held or theirs or stays or self._is_spelled_otherwise(path):
                    return None
                return "is there because of us, and not here"
        return None

    def row(self, path: str) -> str | None:
        """The digest that the program, or else the state on disk, has of a path."""
        if self.process is None or self.process.sides is None:
            return self.on_disk.rows().get(path)
        rows = self.process.sides.store.rows([RelPath(path)])
        return rows[RelPath(path)].content.sha256 if path in rows else None

    def _unnoticeable(self, path: str) -> bool:
        """What others did, where there is no listing, or one cannot tell their bytes from ours."""
        if not self.laws.touched(path):
            return False
        there, sha = self.jatos.at(path), self.row(path)
        if self.setup.dialect == "3.8" or there is None:
            return self.setup.dialect == "3.8"
        alike = (len(there), zlib.adler32(there))
        if path in self.laws.changed_unlisted and sha in self.folder.bodies:
            ours = self.folder.bodies[sha]
            return (len(ours), zlib.adler32(ours)) == alike
        return self.on_disk.unproven().get(path) == alike

    def cannot_be_there(self, path: str) -> bool:
        """Whether something else stands in the way on JATOS."""
        engine = self.engine
        assert engine is not None
        note = engine.report.notes.get(RelPath(path))
        noted = note is not None and note.topic is Topic.UNHOLDABLE
        return noted or self.blocked(path) or self.mistakable(path)

    def _stays(self, path: str) -> bool:
        """Whether it stays: JATOS may take it for another file, or it takes no part any more."""
        above = (str(each) for each in PurePosixPath(path).parents if str(each) != ".")
        hidden = any(self.folder.stance(each) is Stance.HIDDEN for each in above)
        return hidden or path == self.laws.hidden or self.mistakable(path)

    def mistakable(self, path: str) -> bool:
        """
        Whether it is refused, for JATOS takes it for another file, or may and cannot list its own.

        That must be said, and of which file of the folder. It may be so of both of two names.
        """
        engine, surely = self.engine, self.has_twin(path)
        if engine is None or not (surely or self.setup.dialect == "3.8"):
            return False
        refusal, name = engine.report.refused.get(RelPath(path)), fold(path)
        word = "takes" if surely else "may take"
        return refusal is not None and any(
            refusal.reason.startswith(
                (f"JATOS {word} it for {other}, which", f"JATOS may take it for {other}, which")
            )
            for other in self.folder.files()
            if other != path and fold(other) == name
        )

    def _is_spelled_otherwise(self, path: str) -> bool:
        """Whether something here is the same file for JATOS, and maybe not to be touched."""
        others = (each for each in self.laws.spellings(path) if each != path)
        return any(self.folder.stance(each) is not Stance.ABSENT for each in others)

    def has_twin(self, path: str) -> bool:
        """Whether another file of the folder is the same one for JATOS."""
        others = (each for each in self.laws.spellings(path) if each != path)
        return any(map(self.folder.stands, others))

    def blocked(self, path: str) -> bool:
        """A directory that JATOS does not remove, or a file of somebody else."""
        if self.jatos.is_directory(path):
            return True
        above = [str(each) for each in PurePosixPath(path).parents if str(each) != "."]
        lies = [self.laws.lies_at(each) for each in above if self.jatos.at(each) is not None]
        kept = self.setup.deletes == "keep"
        if any(map(self._is_spelled_otherwise, above)):
            return True
        return any(each is None or not each.ours or kept for each in lies)

    @staticmethod
    def _said_of(engine: Engine, path: str) -> str:
        report, key = engine.report, RelPath(path)
        return f"{key in report.held} {report.notes.get(key)} {report.refused.get(key)}"

    def _honest(self) -> None:
        """Law 13: what is said at the end is so."""
        engine = self.engine
        assert engine is not None
        differing = [
            path
            for path in self.folder.files()
            if self.folder.stance(path) is Stance.FILE
            and self.jatos.at(path) != self.folder.read(path)
            and not self.cannot_be_there(path)
            and not self._unnoticeable(path)
        ]
        if differing and self.said_in_sync:
            raise self.laws.broken("L13", "it says that it is in sync, and it is not")

    @property
    def said_in_sync(self) -> bool:
        """Whether `status` says that all is in sync."""
        process = self.process
        if process is None or process.daemon is None or process.daemon.engine.link.server is None:
            return False
        with edges.living(self):
            return process.daemon.status.in_sync

    def end(self) -> None:
        """Let go of everything."""
        if self.process is not None:
            self.process.let_go()
        with edges.living(self):
            self.scheduler.end()
        self.on_disk.close()
        shutil.rmtree(self.place, ignore_errors=True)
