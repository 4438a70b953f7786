"""
JATOS in the same process: the emulator's own rules and files, and a network that can do anything.

The client's httpx sends its requests here instead of into a socket. Each takes its time, in which
everything else goes on; what it does, it does at one moment in the middle of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import httpx

from jatossync.core.jobs import List
from jatossync.emulator.answers import Answer
from jatossync.emulator.api import Api
from jatossync.emulator.calls import Call
from jatossync.emulator.dialects import DIALECTS
from jatossync.emulator.paths import API, NAMES, Names
from jatossync.emulator.state import Component, State, Study
from jatossync.emulator.wire import Head
from tests.simulation import edges
from tests.simulation.scheduler import current

if TYPE_CHECKING:
    from tests.simulation.laws import Known
    from tests.simulation.world import Setup, World

UUID = "8f3c2d6e-0000-4000-8000-000000000000"
LISTING = "structure"

LATEST_S = 55.0
"""JATOS acts on what it got before so long, or never."""


def digest(data: bytes) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


@dataclass
class Fault:
    """What goes wrong with the next requests that fit."""

    do: str
    """
    drop, lose, cut, page (HTML with 200), slow:SECONDS, status:CODE or late:SECONDS.

    Late is what has no answer and takes effect only after so long.
    """
    method: str
    """GET, HEAD, POST, DELETE, LIST (the listing), ASK (token and study) or *."""
    left: int


@dataclass
class Request:
    """One request on its way."""

    method: str
    kind: str
    """As in `Fault.method`."""
    path: str
    """Of the asset; empty where none is meant."""
    target: str
    headers: dict[str, str]
    read_s: float
    number: int
    body: bytes = b""
    began_s: float = 0.0
    known: Known | None = None
    """What had been said of the path when it began."""
    setup: Setup | None = None
    """How the program was configured when it began."""
    acted: bool = False
    late: bool = False
    """It takes effect when nobody is there any more who sent it."""


class _Body(httpx.SyncByteStream):
    def __init__(self, data: bytes, cut: bool) -> None:
        self._data = data
        self._cut = cut

    def __iter__(self) -> Iterator[bytes]:
        if self._cut:
            yield self._data[: len(self._data) // 2]
            raise httpx.ReadError("cut")
        yield self._data


class Jatos:
    """One server with one study; `assets` is its folder on disk."""

    def __init__(self, world: World, place: Path, setup: Setup) -> None:
        self._world = world
        self._state = State(place)
        self.study: Study = self._state.add_study("Stroop", UUID)
        if setup.page:
            self.study.components.append(Component(1, UUID, "A page", setup.page))
        self.token = self._state.add_token()
        self.switches = self._state.switches
        self.assets = self._state.folder(self.study)
        self._top = str(self.assets)
        self.dialect = DIALECTS[setup.dialect]
        self._names = NAMES[setup.names]
        self._api = Api(self._state, self.dialect, self._names)
        self.faults: list[Fault] = []
        self.under_way: list[Request] = []
        self.late: list[Request] = []
        """What was sent, is given up, and takes effect yet."""
        self._asked: Counter[tuple[str, str]] = Counter()
        self.writes = 0

    # What is there.

    @property
    def exact(self) -> bool:
        """Whether its disk tells all names apart."""
        return self._names.exact

    def same(self, path: str) -> str:
        """Equal for paths that are one file there."""
        return path if self.exact else _same(self._names, path)

    def at(self, path: str) -> bytes | None:
        """The bytes of one asset, however its name is spelled."""
        try:
            with open(self._place(path), "rb") as file:
                return file.read()
        except OSError:
            return None

    def is_directory(self, path: str) -> bool:
        """Whether it is a directory there."""
        return os.path.isdir(self._place(path))

    def _place(self, path: str) -> str:
        if self.exact:
            return f"{self._top}/{path}"
        return str(self._names.find(self.assets, path))

    def files(self) -> dict[str, bytes]:
        """All assets, by the names under which they are stored."""
        found = {}
        for directory, _, names in os.walk(self._top):
            for name in names:
                place = f"{directory}/{name}"
                with open(place, "rb") as file:
                    found[place[len(self._top) + 1 :]] = file.read()
        return found

    # What others do there.

    def put(self, path: str, data: bytes) -> bool:
        """Somebody else changes or adds a file; whether that is possible."""
        file = Path(self._place(path))
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        except OSError:
            return False
        self._set_time(file)
        return True

    def remove(self, path: str) -> None:
        """Somebody else removes a file."""
        Path(self._place(path)).unlink(missing_ok=True)

    def empty(self) -> None:
        """The study's folder is gone."""
        shutil.rmtree(self.assets, ignore_errors=True)

    def _set_time(self, file: Path) -> None:
        now_ns = self._world.wall_ns()
        os.utime(file, ns=(now_ns, now_ns))

    # Requests.

    def serve(self, request: httpx.Request) -> httpx.Response:
        """Answer a request, or fail as a network does."""
        asked = self._request(request)
        self._world.laws.arrives(asked)
        self.under_way.append(asked)
        try:
            return self._served(asked, request)
        finally:
            self.under_way.remove(asked)

    def _request(self, request: httpx.Request) -> Request:
        target = request.url.raw_path.decode("ascii")
        page = target.removeprefix(API).partition("?")[0]
        _, _, asset = page.partition("/assets/")
        path = unquote(asset)
        kind = request.method
        if not path:
            kind = "ASK"
        elif path == LISTING and request.method == "GET" and "?" in target:
            kind, path = "LIST", ""
        self._asked[kind, path] += 1
        read_s = request.extensions["timeout"]["read"]
        headers = {name.lower(): value for name, value in request.headers.items()}
        number = self._asked[kind, path]
        asked = Request(request.method, kind, path, target, headers, read_s, number)
        asked.began_s = self._world.scheduler.now_s
        return asked

    def _served(self, asked: Request, request: httpx.Request) -> httpx.Response:
        self._world.moment("request")
        fault, argument = self._fault(asked)
        whole_s = self._world.latency_s(asked.kind, asked.path, asked.number)
        if fault == "slow":
            whole_s += float(argument)
        self._world.sleep(whole_s / 4)
        if fault == "drop":
            raise httpx.ConnectError("nobody there")
        announced = int(asked.headers.get("content-length", 0))
        try:
            for chunk in request.stream:  # type: ignore[union-attr]
                assert isinstance(chunk, bytes)
                asked.body += chunk
                self._world.moment("chunk")
                self._world.sleep(whole_s / 16)
        except Exception:
            if len(asked.body) == announced:  # it has all of it, whatever becomes of the sender
                self._answer(asked, "", "", 0.0)
            raise
        asked.headers["content-length"] = str(len(asked.body))
        self._world.sleep(whole_s / 4)
        if fault == "late":
            self._put_off(asked, float(argument))
            raise httpx.ReadError("lost")
        answer = self._answer(asked, fault, argument, whole_s)
        self._world.moment("effect")
        self._world.sleep(min(whole_s / 2, asked.read_s))
        if whole_s / 2 > asked.read_s:
            raise httpx.ReadTimeout("no answer in time")
        if fault == "lose":
            raise httpx.ReadError("lost")
        self._world.laws.answered(asked, answer.status, cut=fault == "cut")
        return _response(asked, answer, cut=fault == "cut")

    def _answer(self, asked: Request, fault: str, argument: str, whole_s: float) -> Answer:
        asked.acted = True
        if fault == "status":
            return _page(int(argument))
        if fault == "page":
            return _page(200)
        if asked.kind == "LIST":
            return self._slow_listing(asked, whole_s)
        before = self.at(asked.path) if asked.kind in ("POST", "DELETE") else None
        answer = self._call(asked)
        if asked.kind in ("POST", "DELETE") and answer.status < 300:
            self.writes += 1
            if asked.kind == "POST":
                self._set_time(Path(self._place(asked.path)))
            self._world.laws.wrote(asked, before)
        elif asked.kind in ("GET", "HEAD"):
            self._world.laws.seen(asked, asked.path, self.at(asked.path))
        return answer

    def _slow_listing(self, asked: Request, whole_s: float) -> Answer:
        """JATOS walks and hashes for a while: some files are seen early, others late."""
        first = self._call(asked)
        files = self.files()
        task = current()
        burst = task is not None and isinstance(task.about, List)
        # A look at a file of this name is a listing too, in which nobody looks for others.
        for path in {*self._world.laws.known_paths(), *files} if burst else {LISTING}:
            self._world.laws.seen(asked, path, files.get(path))
        self._world.sleep(whole_s)
        second = self._call(asked)
        if any(each.status != 200 or not _is_json(each) for each in (first, second)):
            return first
        nodes = [
            {each["path"]: each for each in json.loads(a.body)["data"]} for a in (first, second)
        ]
        merged = []
        for path in sorted(nodes[0] | nodes[1]):
            late = self._world.dice("listed", asked.number, path) < 0.5
            if path in nodes[late]:
                merged.append(nodes[late][path])
        if any(each["type"] == "file" for each in merged):
            merged = [each for each in merged if each["path"]]
        return self.dialect.data(merged)

    def _call(self, asked: Request) -> Answer:
        head = Head(asked.method, asked.target, "HTTP/1.1", asked.headers)
        answer = self._api.answer(Call(head, asked.target, iter([asked.body])))
        with answer:
            body = b"".join(answer.chunks(answer.length))
        return Answer(answer.status, answer.headers, body)

    def _fault(self, asked: Request) -> tuple[str, str]:
        for fault in self.faults:
            if fault.left > 0 and fault.method in ("*", asked.kind):
                fault.left -= 1
                do, _, argument = fault.do.partition(":")
                if do == "status" and asked.kind in ("POST", "DELETE"):
                    self._world.laws.troubled(asked.path)
                return do, argument
        return "", ""

    def crash_of_client(self) -> None:
        """What was sent whole may still take effect, although nobody waits for the answer."""
        for asked in list(self.under_way):
            whole = asked.body.rstrip(b"\r\n").endswith(b"--") or asked.kind == "DELETE"
            dice = self._world.dice("late", asked.path, asked.number)
            if whole and not asked.acted and dice < 0.4:
                self._answer(asked, "", "", 0.0)
            elif whole and not asked.acted and dice < 0.7:
                self._put_off(asked, (dice - 0.4) / 0.3 * LATEST_S)
        self.under_way.clear()

    def _put_off(self, asked: Request, seconds: float) -> None:
        """
        It lies somewhere on the way, and takes effect later.

        Not where two names may be one file: what comes late of the one is then drift of the other.
        """
        if asked.kind in ("POST", "DELETE") and self.exact:
            asked.late = True
            self.late.append(asked)
            scheduler = self._world.scheduler
            scheduler.at(scheduler.now_s + seconds, lambda: self._act_late(asked))

    def _act_late(self, asked: Request) -> None:
        self.late.remove(asked)
        with edges.living(self._world):
            self._answer(asked, "", "", 0.0)


_same = cache(Names.same)
"""The laws ask for every name again and again."""


def _is_json(answer: Answer) -> bool:
    return answer.headers.get("Content-Type") == "application/json" and not answer.headers.get(
        "Content-Disposition"
    )


def _page(status: int) -> Answer:
    """What something in front of JATOS says."""
    body = f"<html><head><title>{status}</title></head></html>".encode()
    return Answer(status, {"Content-Type": "text/html"}, body)


def _response(asked: Request, answer: Answer, *, cut: bool) -> httpx.Response:
    headers = {**answer.headers, "Content-Length": str(answer.length)}
    encoded = [
        (name.encode(), value.encode("latin-1", "replace")) for name, value in headers.items()
    ]
    body = b"" if asked.method == "HEAD" else answer.body
    return httpx.Response(answer.status, headers=encoded, stream=_Body(body, cut))
