"""A running JATOS look-alike in each dialect, and a client for it."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jatossync.core.actions import Delete, Upload
from jatossync.core.jobs import Server, UploadResult
from jatossync.core.model import Content, Entry, Kind
from jatossync.core.paths import RelPath
from jatossync.remote.client import Assets, Jatos
from jatossync.remote.token import Token
from tests.emulator.handle import Emulator
from tests.remote.files import MemoryFile, content_of

DIALECTS = ("3.8", "3.9", "3.10")


@dataclass
class Study:
    """One study on one emulator, and the client that mirrors it."""

    emulator: Emulator
    jatos: Jatos
    server: Server
    assets: Assets

    def put(self, path: str, data: bytes) -> None:
        """Somebody's file on JATOS, not sent by us."""
        target = self.emulator.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)

    def upload(self, path: str, data: bytes, *ours: bytes, look: bool = True) -> UploadResult:
        job = upload_job(path, content_of(data), *ours, look=look)
        return self.assets.upload(job, MemoryFile(data), lambda: False, lambda _bytes: None)

    def wrote(self) -> list[str]:
        """The requests that asked to change something since the last call."""
        found = [
            f"{request['method']} {request['path'].partition('/assets/')[2]}"
            for request in self.emulator.requests()
            if request["method"] not in ("GET", "HEAD")
        ]
        self.emulator.clear_requests()
        return found


def upload_job(path: str, content: Content, *ours: bytes, look: bool = True) -> Upload:
    replaceable = frozenset(content_of(data) for data in ours)
    return Upload(RelPath(path), Entry(Kind.FILE), content, replaceable, look)


def delete_job(path: str, *ours: bytes, look: bool = True) -> Delete:
    return Delete(RelPath(path), frozenset(content_of(data) for data in ours), look)


def token_of(emulator: Emulator) -> Token:
    return Token(emulator.token, "the test")


@pytest.fixture(scope="module", params=DIALECTS)
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Emulator]:
    with Emulator(tmp_path_factory.mktemp("jatos"), dialect=request.param) as emulator:
        yield emulator


@pytest.fixture
def study(running: Emulator) -> Iterator[Study]:
    """A fresh study, in each dialect."""
    made = running.add_study("Stroop")
    running.study, running.folder = made["uuid"], Path(made["folder"])
    jatos = Jatos(running.url, token_of(running), workers=4)
    server = jatos.ask(made["uuid"])
    assert isinstance(server, Server)
    running.clear_requests()
    yield Study(running, jatos, server, jatos.assets(server))
    jatos.close()
    running.faults([])
    running.change_api(allowed=True, max_body_bytes=2**31, proxy="none")
