"""
The daemon: the threads around the engine.

One control loop owns the engine and the store and takes all decisions; it never waits for the
folder or for JATOS. One thread scans, one hashes large files and asks git, a few make requests. The
watcher's thread only hints. All of them report through one inbox.
"""

from __future__ import annotations

import math
import os
import queue
import random
import threading
import time
from collections.abc import Callable

from jatossync.config import Config
from jatossync.core.actions import Hash
from jatossync.core.chatter import Chatter
from jatossync.core.jobs import (
    Ask,
    Job,
    List,
    Provenance,
    Result,
    Scan,
    Server,
    SetAside,
    StateChanged,
    Stop,
    Stopped,
    Unavailable,
)
from jatossync.core.limits import Limits
from jatossync.core.paths import ROOT, RelPath
from jatossync.core.plan import Policy
from jatossync.core.ports import Settings
from jatossync.core.report import Event
from jatossync.core.status import Status, one_line
from jatossync.core.watching import Watching
from jatossync.desk import Desk
from jatossync.engine import Engine
from jatossync.errors import ConfigError, Denied, JatossyncError, StateError, Unreachable
from jatossync.jobs import Jobs, Sides
from jatossync.local.root import pinned
from jatossync.lookout import Lookout
from jatossync.remote.token import AT_A_START
from jatossync.service.control import Control, Request, available
from jatossync.service.notify import Notifier
from jatossync.state.sharing import file_mode
from jatossync.threads import Hints, Pool
from jatossync.upkeep import ADVICE, Upkeep

COMMIT_S = 0.1
"""How long outcomes may wait to be committed together: a crash costs this many repeated looks."""

TICK_S = 1.0
"""How often to see whether the folder and the watcher are still what they were."""

EVICT_S = 24 * 3600.0
"""How often to let go of what has been in the trash for too long."""

GRACE_S = 3.0
"""How long requests under way may take to end once the daemon is to stop."""

WATCHING_S = 600.0
"""So long a service manager is asked to wait while a very large folder's watches are set."""

UNREACHABLE_HINT = (
    "Check `server:` in the configuration, and your network: some servers need a VPN."
)

ONE_SHOT_PROBES = 6
"""After so many probes without an answer, about half a minute, `sync` gives up."""


def settings(sides: Sides, dry_run: bool) -> Settings:
    """What the engine is to know of the configuration, and of the folder."""
    config = sides.config
    return Settings(
        quiet_s=config.watch.quiet_s,
        max_wait_s=config.watch.max_wait_s,
        rescan_s=config.watch.rescan_s,
        verify_s=config.watch.verify_s,
        delete_delay_s=config.deletes.delay_s,
        workers=config.upload.workers,
        prefix_bytes=sides.jatos.prefix_bytes,
        policy=Policy(config.drift, config.conflict, config.deletes.mode),
        limits=Limits(config.deletes.max_files, config.deletes.max_share),
        doubtful=sides.is_doubtful(),
        dry_run=dry_run,
    )


def refusal(stopped: Stopped, config: Config) -> JatossyncError:
    """The error that ends a command because JATOS refuses everything."""
    if stopped.stop is Stop.STUDY_GONE:
        return ConfigError(
            f"{config.server} has no study {config.study} (or not for this token's user)",
            "Put the number from the address of its page in JATOS (…/jatos/42) into `study:`; "
            "`jatossync check` lists the studies that this token sees.",
        )
    hint = ADVICE[stopped.stop]
    if stopped.stop is Stop.TOKEN:
        hint += " `jatossync token --new` takes it." if config.token_file else " " + AT_A_START
    return Denied(stopped.reason, hint)


def _clock(at: float) -> str:
    return time.strftime("%H:%M", time.localtime(at))


def _date(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))


_Message = tuple[Job, Result] | Request | Exception | None
"""What ended, what a command asks, a bug, or just a reason to look."""


class Daemon:
    """
    Runs the engine until it is told to stop.

    Args:
        sides: What it works on.
        say: Called in the control loop with each event that matters.
        dry_run: Look and decide, but change nothing.
        notifier: Whom to tell that it is ready, alive, stopping; by default nobody.
    """

    def __init__(
        self,
        sides: Sides,
        say: Callable[[Event], None],
        *,
        dry_run: bool = False,
        notifier: Notifier | None = None,
    ) -> None:
        self._sides = sides
        self._say = say
        self._notifier = notifier or Notifier()
        self.engine = Engine(sides.store, settings(sides, dry_run), random.random)
        self._inbox: queue.SimpleQueue[_Message] = queue.SimpleQueue()
        self._hints = Hints(self._wake)
        self._stopping = threading.Event()
        self._accepted = False
        """Whether JATOS has ever said yes to token and study."""
        self._started = False
        """Whether the start is over: JATOS did not refuse, or is waited for."""
        self._lookout: Lookout | None = None
        workers = sides.config.upload.workers
        self._scans = Pool("scan", 1, self._work)
        self._hashes = Pool("hash", 1, self._work)
        self._requests = Pool("request", workers, self._work)
        # Of their own: whether JATOS is there must not wait behind a video.
        self._asks = Pool("ask", 2, self._work)
        self._jobs = Jobs(sides, self._stopping.is_set)
        self._upkeep = Upkeep(sides, self.engine, self._jobs.uploads, say)
        self._desk = Desk(sides, self.engine, self._jobs, self._start, keep=not dry_run)
        self._control: Control | None = None
        self._uncontrolled = ""
        """Why there is none, as it was said."""
        self._chatter = Chatter()
        self._under_way = 0
        """So many jobs are with the threads, or their results in the inbox."""
        self._patient = True
        self._well = False
        """Whether it was said that both sides are in sync, since the start or the last trouble."""
        self._left_held = {held.id for held in self.engine.report.held}
        """The lists of earlier starts, until it was said what is left of them."""
        self._paused_since: float | None = None
        """As it was said."""
        self._committed_s = 0.0
        self._ticked_s = 0.0
        self._scan_s = 0.0
        self._evict_s = math.inf if dry_run else 0.0

    @property
    def sending(self) -> dict[RelPath, int]:
        """Bytes sent so far of each upload under way, for progress."""
        return self._jobs.sending

    @property
    def status(self) -> Status:
        """How it stands; to be asked where `run` was called."""
        return self._desk.status(time.monotonic())

    def stop(self) -> None:
        """End the loop soon. May be called from a signal handler or another thread."""
        self._stopping.set()
        self._wake()

    def run(self, *, watch: bool, until: Callable[[], bool] = lambda: False) -> None:
        """
        Mirror until `stop`, or until `until` says so between two steps.

        Args:
            watch: Follow the folder and wait for a server that is down; else one full pass, and
                a server that stays away is an error.

        Raises:
            JatossyncError: JATOS refused before it ever accepted, or this state or folder cannot be
                used, or (without `watch`) nobody answers.
        """
        self._patient = watch
        if watch:
            sides = self._sides
            mode = sides.config.watch.mode
            self._lookout = Lookout(sides.folder, sides.scanner, mode, self._hints)
            self._notifier.takes(WATCHING_S)
            self._lookout.start()
        try:
            self._control = self._listening() if watch else None
            while not self._stopping.is_set() and not until():
                self._step()
        finally:
            self._end()

    # --- the control loop ----------------------------------------------------------------------

    def _step(self) -> None:
        now_s = time.monotonic()
        self._notifier.alive()
        self._tick(now_s)
        if self._sides.store.changed_elsewhere():
            self.engine.command(StateChanged(), now_s)
            self._desk.reread()
        for path in self._hints.take():
            self.engine.hint(path, now_s)
        for job in self.engine.due(now_s):
            self._start(job)
        self._tell()
        self._desk.step(now_s)
        wake_s = self.engine.wake_s(now_s)
        timeout_s = TICK_S if wake_s is None else min(max(wake_s - now_s, 0.0), TICK_S)
        if self._sides.store.uncommitted:
            timeout_s = min(timeout_s, COMMIT_S)
        self._receive(timeout_s)
        if time.monotonic() - self._committed_s >= COMMIT_S:
            self._committed_s = time.monotonic()
            self._sides.store.commit()

    def _receive(self, timeout_s: float) -> None:
        """Take in what the threads have reported; wait for the first of it."""
        try:
            message = self._inbox.get(timeout=timeout_s)
            while True:
                if isinstance(message, Exception):
                    raise message
                if isinstance(message, Request):
                    self._desk.receive(message, time.monotonic())
                elif message is not None:
                    self._answer(*message)
                message = self._inbox.get_nowait()
        except queue.Empty:
            pass

    def _answer(self, job: Job, result: Result) -> None:
        self._under_way -= 1
        if self._desk.done(job, result):
            return
        if isinstance(job, Ask):
            self._asked(result)
        self.engine.done(job, result, time.monotonic())
        if isinstance(job, Ask) and not self._started:
            self._begun()
        if isinstance(job, Scan) and ROOT in job.scope and self._lookout is not None:
            self._lookout.looked(time.monotonic() - self._scan_s)

    def _asked(self, result: Result) -> None:
        """What JATOS says of token and study decides at the start whether to run at all."""
        match result:
            case Server():
                for note in self._sides.bind(result):
                    self._say(Event("note", "warning", {"reason": note}))
                self._accepted = True
                self._jobs.met(result)
            case Stopped() if not self._started:
                raise refusal(result, self._sides.config)
            case Unavailable() if not self._patient:
                if not self._accepted or self.engine.link.failures >= ONE_SHOT_PROBES:
                    raise Unreachable(result.reason, UNREACHABLE_HINT)

    def _begun(self) -> None:
        """JATOS did not refuse: ready, also where it is away and waited for."""
        self._started = True
        self._notifier.status(self._line(self.status))
        self._notifier.ready()

    def _tick(self, now_s: float) -> None:
        """Notice what sends no event: a folder that is gone, a watcher that is blind."""
        if now_s - self._ticked_s < TICK_S:
            return
        self._ticked_s = now_s
        if now_s >= self._evict_s:
            self._evict_s = now_s + EVICT_S
            self._sides.evict()
        if self._sides.follow():
            self._say(Event("the folder's disk was mounted anew", "info", {}))
            self.engine.lost(now_s)
        if self.engine.report.root_trouble is None and (trouble := self._sides.folder.trouble()):
            self.engine.root_lost(trouble, now_s)
        if self._sides.folder.is_pinned():
            raise pinned(self._sides.folder.path)
        if self._lookout is not None:
            self._mind(self._lookout, now_s)
            self._mind_control()
        self._upkeep.tick(now_s)
        told = self.status
        if self._lookout is not None:
            self._say_pause(told.paused_since)
            self._say_what_is_left()
            self._say_when_in_sync(told)
        self._notifier.status(self._line(told))

    def _say_pause(self, since: float | None) -> None:
        """That it is paused, also since before this start, or goes on."""
        if since == self._paused_since:
            return
        self._paused_since = since
        if since is None:
            self._say(Event("resumed"))
            return
        fields: dict[str, object] = {"reason": "nothing is sent until `jatossync resume`"}
        self._say(Event("paused", "warning", fields | {"since": _date(since)}))

    def _say_what_is_left(self) -> None:
        """Once after a start, when all is compared: what waits for a person since before it."""
        engine = self.engine
        if not self._left_held or not engine.link.up or not engine.finished:
            return
        for held in engine.report.held:
            if held.id in self._left_held:
                fields = {"reason": held.reason, "list": held.id, "paths": len(held.paths)}
                self._say(Event("still held", "warning", fields))
        self._left_held = set()

    def _say_when_in_sync(self, told: Status) -> None:
        """Once after a start and after each trouble: a log of trouble alone proves nothing."""
        engine = self.engine
        if engine.link.trouble or engine.report.root_trouble or engine.paused:
            self._well = False
        elif not self._well and told.in_sync:
            self._well = True
            self._say(Event("in sync", fields={"study": told.title, "files": told.files}))

    def _line(self, told: Status) -> str:
        """How it stands, for `systemctl status`."""
        line, trouble = one_line(told, _clock), self.engine.link.trouble
        if not isinstance(trouble, Stopped):
            return line
        return f"{line}: {trouble.reason}. {self._upkeep.advice(trouble.stop)}"

    def _mind(self, lookout: Lookout, now_s: float) -> None:
        report = self.engine.report
        if report.unheard and lookout.status.mode == "events":
            self._hints.lose("a look at everything found changes that nothing had told of")
        report.unheard = False
        if loss := lookout.tick(now_s):
            self._say(Event("watching anew", "debug", {"reason": loss}))
            self.engine.lost(now_s)
        before, now = report.watching, lookout.status
        report.watching = now
        if before is None or (now.mode, now.why) != (before.mode, before.why):
            self._say_watching(now)

    def _say_watching(self, watching: Watching) -> None:
        name = "changes are noticed by looking" if watching.mode == "poll" else "watching"
        fields: dict[str, object] = {"reason": watching.why} if watching.why else {}
        if watching.advice:
            fields["advice"] = watching.advice
        self._say(Event(name, "warning" if watching.advice else "info", fields))

    def _tell(self) -> None:
        now_s = time.monotonic()
        while self.engine.report.events:
            event = self._upkeep.advised(self.engine.report.events.popleft())
            self._say(self._chatter.heard(event, now_s) if self._patient else event)
        for event in self._chatter.sums(now_s, over=self._stopping.is_set()):
            self._say(event)

    def _mind_control(self) -> None:
        """What tidies up may have removed the socket; what was in its way may be gone."""
        if self._control is not None and self._control.reachable():
            return
        if self._control is not None:
            self._control.close()
        self._control = self._listening()

    def _listening(self) -> Control | None:
        """The control socket; without one, commands work from the state."""
        if not available():
            return None
        try:
            directory = os.path.dirname(self._sides.store.path)
            control = Control(directory, self._inbox.put, mode=file_mode(directory))
        except StateError as exc:
            if exc.message != self._uncontrolled:
                self._uncontrolled = exc.message
                self._say(Event("commands cannot ask", "warning", {"reason": exc.message}))
            return None
        self._uncontrolled = ""
        return control

    def _end(self) -> None:
        """Let what is under way end, for a while, and keep what it led to."""
        self._stopping.set()
        self._notifier.stopping()
        if self._lookout is not None:
            self._lookout.stop()
        pools = (self._scans, self._hashes, self._requests, self._asks)
        for pool in pools:
            pool.close()
        deadline_s = time.monotonic() + GRACE_S
        while self._under_way and time.monotonic() < deadline_s:
            self._receive(COMMIT_S)
            self._sides.store.commit()
        self._receive(0)
        self.engine.end()
        self._tell()
        self._desk.close(time.monotonic())
        if self._control is not None:
            self._control.close()
        self._sides.store.commit()

    def _wake(self) -> None:
        self._inbox.put(None)

    # --- what the threads do -------------------------------------------------------------------

    def _start(self, job: Job) -> None:
        self._under_way += 1
        match job:
            case Scan():
                self._scan_s = time.monotonic()
                self._scans.put(job)
            case Hash() | Provenance() | SetAside():
                self._hashes.put(job)
            case Ask() | List():
                self._asks.put(job)
            case _:
                self._requests.put(job)

    def _work(self, job: Job) -> None:
        try:
            self._inbox.put((job, self._do(job)))
        except Exception as exc:  # noqa: BLE001  (the control loop raises it: a bug ends the daemon)
            self._inbox.put(exc)

    def _do(self, job: Job) -> Result:
        if isinstance(job, Scan) and self._lookout is not None:
            self._lookout.before_scan()
        return self._jobs.do(job)
