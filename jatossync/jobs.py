"""
The jobs: what the daemon's threads do when the engine says so.

Each comes back with one outcome of core/jobs.py. Nothing is decided here but what only the moment
of acting can show: the guards before a delete.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from urllib.parse import urlsplit

from jatossync.config import Config
from jatossync.core.actions import Delete, Hash, Keep, Look, Rival, Upload
from jatossync.core.jobs import (
    AlreadyThere,
    Ask,
    AskResult,
    DeleteResult,
    Done,
    Foreign,
    Job,
    List,
    ListResult,
    LookResult,
    NoListing,
    Overtaken,
    Provenance,
    Refused,
    Result,
    Scan,
    Server,
    SetAside,
    SetAsideResult,
    Stop,
    Stopped,
    Unavailable,
    UploadResult,
)
from jatossync.core.model import Content, Kept, Listing, Row, Seen, Stat
from jatossync.core.passing import Passing
from jatossync.core.paths import ROOT, RelPath
from jatossync.core.upkeep import Progress
from jatossync.errors import ConfigError
from jatossync.local.git import git_state, operations
from jatossync.local.root import Blocked, Changed, Presence, StudyFolder
from jatossync.local.scan import Scanner
from jatossync.local.twins import Twins
from jatossync.remote.client import Assets, Jatos
from jatossync.remote.looks import replaceable
from jatossync.remote.spellings import Spellings
from jatossync.remote.token import Token
from jatossync.state.store import Store
from jatossync.state.trash import CHUNK_BYTES, Trash

DIRECTORY = "directory"
"""Under which key the state remembers which directory the folder is."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")

NOT_MET = "JATOS has not answered yet"

SAME_FILES = 20
"""So many files of equal name, size and time are no accident."""


@dataclass(frozen=True)
class Sides:
    """Both sides and what lies between, opened and owned by the caller."""

    config: Config
    folder: StudyFolder
    scanner: Scanner
    jatos: Jatos
    token: Token
    store: Store
    trash: Trash

    def bind(self, server: Server) -> list[str]:
        """
        Make sure that the state belongs to what JATOS and the folder say they are.

        Returns:
            What changed and does not matter, for people.

        Raises:
            StateError: It belongs to something else.
        """
        notes = self.store.bind(
            server=self.config.server,
            study=server.study_uuid,
            folder=self.folder.path,
            number=str(server.study_id),
            dirName=server.dir_name,
        )
        if self.store.remembered(DIRECTORY) is None:
            self.store.remember(DIRECTORY, str(self.folder.identity))
        return notes

    def follow(self) -> bool:
        """
        Go on with the same folder on a disk that was mounted anew.

        Raises:
            JatossyncError: It is another jatossync's by now.
        """
        return self.folder.follow(self._some_rows)

    def is_doubtful(self) -> bool:
        """Whether the folder may be another one than the state was made for, for all one knows."""
        return self.folder.is_doubtful(self._some_rows)

    def _some_rows(self) -> list[Row]:
        rows = list(self.store.rows([ROOT]).values())
        return rows[:: max(1, len(rows) // SAME_FILES)]

    def evict(self) -> None:
        """Let go of what was in the trash for longer than `trash.max_age`, and of old history."""
        self.store.history.let_go()
        max_age_s = self.config.trash.max_age_s
        before_s = time.time() - max_age_s
        with suppress(OSError):  # what cannot be removed stays
            self.trash.evict(max_age_s)
        old = (kept for kept in self.store.trash_index() if kept.at_s < before_s)
        if gone := [kept for kept in old if not self.trash.has(kept.sha256)]:
            self.store.no_longer_kept(gone)


class Jobs:
    """
    Does jobs, each in the thread that calls. May be used by several threads at once.

    Args:
        stopping: Whether to give up what takes long.
    """

    def __init__(self, sides: Sides, stopping: Callable[[], bool]) -> None:
        self.sending: dict[RelPath, int] = {}
        """Bytes sent so far of each upload under way, for progress."""
        self._began: dict[RelPath, tuple[float, int]] = {}
        """When each upload under way began, and its size."""
        self._sides = sides
        self._stopping = stopping
        self._assets: Assets | None = None
        self._twins = Twins(sides.folder)
        self._spellings: Spellings | None = None

    def met(self, server: Server) -> None:
        """JATOS said which study this is: from now on all is asked by its UUID."""
        self._assets = self._sides.jatos.assets(server)
        self._spellings = Spellings(self._assets)

    def uploads(self, now_s: float) -> dict[RelPath, Progress]:
        """How far each upload under way is."""
        return {
            path: Progress(path, size, self.sending.get(path, 0), now_s - began_s)
            for path, (began_s, size) in list(self._began.items())
        }

    def do(self, job: Job) -> Result:
        """
        Do one job to its end.

        Raises:
            ConfigError: The folder is JATOS's own.
        """
        sides, assets = self._sides, self._assets
        match job:
            case Scan():
                return sides.scanner.scan(job)
            case Hash():
                return sides.scanner.hash(job, self._stopping)
            case Provenance():
                return git_state(sides.folder.path)
            case SetAside():
                return self._set_aside(job)
            case Ask():
                return self._ask(job, assets)
            case _:
                assert assets is not None, "nothing is asked before the study is known"
                return self._request(job, assets)

    def fetch(self, path: RelPath, take: Callable[[bytes], None]) -> LookResult:
        """Hand what lies on JATOS under `path` to `take`, piece by piece."""
        if self._assets is None:
            return Unavailable(NOT_MET)

        def taken(chunks: Iterator[bytes]) -> Content:
            passing = Passing(chunks)
            for chunk in passing:
                take(chunk)
            return passing.content

        return self._assets.fetch(path, taken)

    def _set_aside(self, job: SetAside) -> SetAsideResult:
        try:
            return set_aside(self._sides.folder, self._sides.trash, job.path, job.stat)
        except Changed as exc:
            return Overtaken(exc.reason)
        except OSError as exc:
            return Overtaken(exc.strerror or str(exc))

    def _ask(self, job: Ask, assets: Assets | None) -> AskResult:
        if assets is None:
            return self._sides.jatos.ask(self._sides.config.study)
        # A re-import changes the number, never the UUID.
        answer = self._sides.jatos.ask(assets.server.study_uuid)
        if job.folder and isinstance(answer, Server):
            listing = assets.listing()
            if isinstance(listing, NoListing) and listing.folder_gone:
                return Stopped(Stop.FOLDER_GONE, listing.reason)
        return answer

    def _request(self, job: List | Look | Keep | Upload | Delete, assets: Assets) -> Result:
        match job:
            case List():
                return self._list(assets)
            case Look():
                return assets.look(job.path, job.whole)
            case Keep():
                return assets.keep(job.path, self._sides.trash.keep)
            case Upload():
                return self._upload(job, assets)
            case Delete():
                return self._delete(job, assets)

    def _list(self, assets: Assets) -> ListResult:
        listing = assets.listing()
        if isinstance(listing, Listing):
            self._refuse_own_assets(assets.server, listing)
        return listing

    def _refuse_own_assets(self, server: Server, listing: Listing) -> None:
        """
        Raises:
            ConfigError: The folder is the one in which this JATOS keeps the study's assets.
        """
        host = urlsplit(self._sides.config.server).hostname or ""
        folder = self._sides.folder
        if host not in LOOPBACK or os.path.basename(folder.path) != server.dir_name:
            return
        files = list(itertools.islice(listing.files.items(), SAME_FILES))
        if files and all(folder.has(path, seen) for path, seen in files):
            raise ConfigError(
                f"{folder.path} is the folder in which JATOS itself keeps this study's assets",
                "Files in it need no mirroring; set `folder:` to the folder you work in.",
            )

    def _upload(self, job: Upload, assets: Assets) -> UploadResult:
        assert job.entry.stat is not None
        try:
            source = self._sides.folder.open_file(job.path, job.entry.stat)
        except Changed as exc:
            return Overtaken(str(exc))
        with source:
            self._began[job.path] = time.monotonic(), job.content.size
            try:
                upload = partial(
                    assets.upload, source=source, stop=self._stopping, sent=partial(self._sent, job)
                )
                if job.rivals:  # at first as if nothing that may be theirs could be its own
                    theirs = {rival.content for rival in job.rivals}
                    careful = replace(job, replaceable=job.replaceable - theirs)
                    result = self._unless_taken_for_another(job, upload(careful))
                    if not isinstance(result, Foreign):
                        return result
                    done = self._unless_taken_for_another(job, upload(job))
                    return self._with_what_it_replaced(job, result.seen, done, assets)
                return self._unless_taken_for_another(job, upload(job))
            finally:
                self.sending.pop(job.path, None)
                self._began.pop(job.path, None)
                self._names().sent(job.path)

    def _unless_taken_for_another(self, job: Upload, result: UploadResult) -> UploadResult:
        """
        What lies there already may be another file of this folder, on a JATOS that ignores case.

        Then it is neither somebody else's to be replaced nor this one to be taken over; unless
        these very bytes were never sent for that one.
        """
        match result:
            case Foreign():
                seen = result.seen
            case AlreadyThere():
                seen = Seen(job.content.size, sha256=job.content.sha256)
            case _:
                return result
        for twin in self._perhaps_here(job):
            may_be_theirs = isinstance(result, Foreign) or Rival(twin, job.content) in job.rivals
            if not may_be_theirs:
                continue
            taken = self._names().are_one(job.path, seen, twin)
            if isinstance(taken, Unavailable | Stopped):
                return taken
            if taken is not False:
                may = "takes" if taken else "may take"
                return Refused(
                    f"JATOS {may} it for {twin}, which is here too; rename one of them",
                    taken=taken is True,
                )
        return result

    def _perhaps_here(self, job: Upload) -> Collection[RelPath]:
        """
        The files of this folder that JATOS may take this one for.

        Where one cannot be looked at, what JATOS has of us counts unless it is surely gone (law 2).
        """
        try:
            return self._twins.of(job.path)
        except (OSError, Blocked):
            presence = self._sides.folder.presence
            ours = {rival.path for rival in job.rivals}
            return {each for each in ours if presence(each).presence is not Presence.ABSENT}

    def _with_what_it_replaced(
        self, job: Upload, before: Seen, result: UploadResult, assets: Assets
    ) -> UploadResult:
        """
        Where bytes of a spelling that is gone here lay there, that name may have these now.

        One that may have had these very bytes before has them either way: its delete finds out.
        """
        if not isinstance(result, Done):
            return result
        had_them = {rival.path for rival in job.rivals if rival.content == job.content}
        theirs = {
            rival.path
            for rival in job.rivals
            if rival.path not in had_them
            and replaceable(before, [rival.content])
            and self._sides.folder.presence(rival.path).presence is Presence.ABSENT
        }
        looks = {path: assets.look(path, whole=True) for path in theirs}
        replaced = (
            path
            for path, seen in looks.items()
            if isinstance(seen, Seen) and seen.size and replaceable(seen, [job.content])
        )
        return replace(result, replaced=frozenset(replaced))

    def _names(self) -> Spellings:
        assert self._spellings is not None, "nothing is asked before the study is known"
        return self._spellings

    def _sent(self, job: Upload, count: int) -> None:
        self.sending[job.path] = count

    def _delete(self, job: Delete, assets: Assets) -> DeleteResult:
        try:
            twins = self._twins.of(job.path)
        except (OSError, Blocked) as exc:
            return Refused(f"what JATOS may take for it cannot be looked at: {exc}")
        for twin in twins:
            if (result := self._instead_of_its_twin(job, twin, assets)) is not None:
                return result
        return assets.delete(job, lambda: self._why_not_delete(job))

    def _instead_of_its_twin(
        self, job: Delete, twin: RelPath, assets: Assets
    ) -> DeleteResult | None:
        """
        What comes of a delete that could hit another file of this folder; None where it cannot.

        Where JATOS has that one of us by now, what lies under the name are its bytes.
        """
        folded = self._names().goes_with(job.path, twin)
        if isinstance(folded, Unavailable | Stopped):
            return folded
        if folded is None:
            return Refused(f"JATOS may take it for {twin}, which is here, and cannot say so")
        if not folded:
            return None
        seen = assets.look(job.path, whole=True)
        if not isinstance(seen, Seen):
            return seen
        if replaceable(seen, [rival.content for rival in job.rivals if rival.path == twin]):
            return AlreadyThere()
        return Refused(f"JATOS takes it for {twin}, which is here and was never sent")

    def _why_not_delete(self, job: Delete) -> str | None:
        """
        The guard directly before a delete (laws 2 and 3).

        What git replaces is absent for a moment, and its lock is there until it is done.
        """
        presence, reason = self._sides.folder.presence(job.path)
        if presence is not Presence.ABSENT:
            return f"{presence.value} here: {reason}"
        if operations(self._sides.folder.path) - job.despite:
            return "git is at work in the folder"
        return None


def set_aside(folder: StudyFolder, trash: Trash, path: RelPath, stat: Stat) -> Content:
    """
    Copy the file at `path` into the trash.

    Raises:
        Changed: It is not the file with this `stat`.
        OSError: It cannot be kept.
    """
    with folder.open_file(path, stat) as file:

        def pieces() -> Iterator[bytes]:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
            if not file.is_as_opened():
                raise Changed("it is being written")

        return trash.keep(pieces())


def let_go(store: Store, trash: Trash, doomed: Sequence[Kept]) -> None:
    """Let go of these kept copies, and of bytes that no other line of the index has."""
    gone = {each.sha256 for each in doomed}
    store.no_longer_kept(doomed)
    trash.drop(gone - {each.sha256 for each in store.trash_index()})
