"""Uploads: the body first, then everything that may speak against it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote

from jatossync.emulator.access import Access
from jatossync.emulator.answers import Answer
from jatossync.emulator.calls import Call
from jatossync.emulator.dialects import Dialect, Refusal, RefusedError
from jatossync.emulator.files import Assets
from jatossync.emulator.multipart import Upload, boundary_of
from jatossync.emulator.paths import Names, decoded_path, url_decode
from jatossync.emulator.state import UPLOADS, State


class Uploads:
    """Takes uploads; two of one path at a time never both succeed."""

    def __init__(self, state: State, access: Access, dialect: Dialect, names: Names) -> None:
        self._folder = state.root / UPLOADS
        self._folder.mkdir(exist_ok=True)
        for left_by_a_kill in self._folder.iterdir():
            left_by_a_kill.unlink()
        self._state = state
        self._access = access
        self._dialect = dialect
        self._names = names
        self._under_way: set[tuple[int, str]] = set()
        self._lock = threading.Lock()

    def answer(self, call: Call, study: str, raw: str) -> Answer:
        """Receive the file, and put it in its place if nothing speaks against it."""
        upload = Upload(self._folder)
        try:
            with self._claim(study, raw) as alone:
                _receive(call, upload)
                return self._store(call, study, raw, upload, alone)
        finally:
            upload.discard()

    @contextmanager
    def _claim(self, study: str, raw: str) -> Iterator[bool]:
        """Whether no other upload of this path is under way; held until the answer."""
        found = self._access.find(unquote(study))
        claimed = (found.id if found else 0, self._names.same(url_decode(raw)))
        with self._lock:
            alone = claimed not in self._under_way
            self._under_way.add(claimed)
        try:
            yield alone
        finally:
            if alone:
                with self._lock:
                    self._under_way.discard(claimed)

    def _store(self, call: Call, study: str, raw: str, upload: Upload, alone: bool) -> Answer:
        found = self._access.unlocked(self._access.user(call.head), study)
        if upload.missing:
            raise RefusedError(Refusal.FILE_MISSING)
        path = self._path(raw, upload.filename)
        assets = Assets(self._state.folder(found), self._dialect, self._names)
        place = assets.place(path, Refusal.UPLOAD_PATH)
        if not alone:
            raise RefusedError(Refusal.UPLOAD_FAILED)
        if assets.store(upload.path, place):
            return self._dialect.done(201, "File uploaded successfully")
        return self._dialect.done(200, "File overwritten successfully")

    def _path(self, raw: str, filename: str) -> str:
        """Where it shall go; an address that names a directory takes the part's filename."""
        path = decoded_path(raw, self._dialect, trim=self._dialect.trims_upload_paths)
        return path if path and not path.endswith("/") else path + filename


def _receive(call: Call, upload: Upload) -> None:
    boundary = boundary_of(call.head.headers.get("content-type", ""))
    if boundary is not None:
        upload.receive(boundary, call.body)
    call.drain()
