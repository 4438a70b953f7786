"""Uploads: the body first, then everything that may speak against it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import unquote

from jatossync.emulator.access import Access
from jatossync.emulator.answers import Answer
from jatossync.emulator.calls import Call
from jatossync.emulator.dialects import Dialect, Refusal, RefusedError
from jatossync.emulator.files import Assets
from jatossync.emulator.multipart import Upload, boundary_of
from jatossync.emulator.paths import Names, decoded_path, inside
from jatossync.emulator.state import UPLOADS, State
from jatossync.emulator.wire import GoneError

NOTICED_S = 0.5


@dataclass(eq=False)
class UnderWay:
    """One upload from its first to its last byte; `cut` says that its client went away."""

    ended: threading.Event = field(default_factory=threading.Event)
    cut: bool = False

    def stands_in_the_way(self) -> bool:
        """Whether a later upload must fail; gives a closed connection a moment to be noticed."""
        self.ended.wait(NOTICED_S)
        return not self.cut


class Uploads:
    """Takes uploads; of two that overlap in time on one path, the later one always fails."""

    def __init__(self, state: State, access: Access, dialect: Dialect, names: Names) -> None:
        self._folder = state.root / UPLOADS
        self._folder.mkdir(exist_ok=True)
        for left_by_a_kill in self._folder.iterdir():
            left_by_a_kill.unlink()
        self._state = state
        self._access = access
        self._dialect = dialect
        self._names = names
        self._under_way: dict[tuple[int, str], list[UnderWay]] = {}
        self._lock = threading.Lock()

    def answer(self, call: Call, study: str, raw: str) -> Answer:
        """Receive the file, and put it in its place if nothing speaks against it."""
        upload = Upload(self._folder)
        try:
            with self._begin(study, raw) as earlier:
                _receive(call, upload)
                return self._store(call, study, raw, upload, earlier)
        finally:
            upload.discard()

    @contextmanager
    def _begin(self, study: str, raw: str) -> Iterator[list[UnderWay]]:
        """The uploads of the same path that began earlier and have not ended yet."""
        found = self._access.find(unquote(study))
        path = self._path(raw, "")
        place = inside(path, self._dialect) or path
        key = (found.id if found else 0, self._names.same(place))
        mine = UnderWay()
        with self._lock:
            earlier = self._under_way.get(key, [])
            self._under_way[key] = [*earlier, mine]
        try:
            yield earlier
        except GoneError:
            mine.cut = True
            raise
        finally:
            mine.ended.set()
            with self._lock:
                self._under_way[key] = [each for each in self._under_way[key] if each != mine]
                if not self._under_way[key]:
                    del self._under_way[key]

    def _store(
        self, call: Call, study: str, raw: str, upload: Upload, earlier: list[UnderWay]
    ) -> Answer:
        found = self._access.unlocked(self._access.user(call.head), study)
        if upload.missing:
            raise RefusedError(Refusal.FILE_MISSING)
        path = self._path(raw, upload.filename)
        assets = Assets(self._state.folder(found), self._dialect, self._names)
        place = assets.place(path, Refusal.UPLOAD_PATH)
        if any(each.stands_in_the_way() for each in earlier):
            raise RefusedError(Refusal.UPLOAD_FAILED)
        if assets.store(upload.path, place):
            return self._dialect.done(201, "File uploaded successfully")
        return self._dialect.done(200, "File overwritten successfully")

    def _path(self, raw: str, filename: str) -> str:
        """Where it shall go; an address that names a directory takes the part's filename."""
        path = decoded_path(raw, trim=self._dialect.trims_upload_paths)
        return path if path and not path.endswith("/") else path + filename


def _receive(call: Call, upload: Upload) -> None:
    boundary = boundary_of(call.head.headers.get("content-type", ""))
    if boundary is not None:
        upload.receive(boundary, call.body)
    call.drain()
