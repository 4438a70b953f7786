"""Connections: accept, read a request, let the right part answer it, and break it on order."""

import contextlib
import re
import socket
import socketserver
import time
from collections.abc import Iterator
from dataclasses import replace

from jatossync.emulator.answers import Answer
from jatossync.emulator.api import Api
from jatossync.emulator.calls import Call, limited
from jatossync.emulator.dialects import TEXT, Dialect
from jatossync.emulator.faults import Fault, Faults
from jatossync.emulator.page import Page
from jatossync.emulator.paths import API, Names, target_problem, through_proxy, url_decode
from jatossync.emulator.requests import Log, Record
from jatossync.emulator.side_door import PREFIX, SideDoor
from jatossync.emulator.state import State
from jatossync.emulator.wire import GoneError, Head, RequestError, Wire

HOST = "127.0.0.1"
OWN_HOSTS = re.compile(r"(127\.0\.0\.1|localhost)(:\d+)?", re.IGNORECASE)


class DroppedError(Exception):
    """A fault wants the connection closed."""


class Server(socketserver.ThreadingTCPServer):
    """The emulator on a socket of 127.0.0.1; one thread for each connection."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, state: State, dialect: Dialect, names: Names, port: int) -> None:
        super().__init__((HOST, port), _Connection)
        self.state = state
        self.faults = Faults()
        self.log = Log()
        self.api = Api(state, dialect, names)
        self.side_door = SideDoor(state, self.faults, self.log)
        self.page = Page(state, dialect, self.log)

    @property
    def url(self) -> str:
        """What a user would write as `server:`."""
        return f"http://{HOST}:{self.server_address[1]}"


class _Connection(socketserver.BaseRequestHandler):
    server: Server
    request: socket.socket

    def handle(self) -> None:
        with contextlib.suppress(GoneError, DroppedError):
            wire = Wire(self.request)
            try:
                while (head := wire.read_head()) is not None:
                    if not self._one_request(wire, head):
                        break
                else:
                    return
            except RequestError as error:
                wire.send(_text(400, str(error), close=True), with_body=True)
            wire.linger()

    def _one_request(self, wire: Wire, head: Head) -> bool:
        """Answer one request; False when the connection ends after it."""
        body = wire.body(head)
        if refused := self._refused_by_the_server(head):
            answer = refused
            self._send(wire, head, answer)
        elif head.target.startswith(f"{API}/"):
            answer = self._api_request(wire, head, body)
        else:
            answer = self._beside_the_api(head, body)
            with answer:
                self._send(wire, head, answer)
        if answer.close:
            return False
        for _ in body:
            pass
        return head.keeps_alive

    def _refused_by_the_server(self, head: Head) -> Answer | None:
        """What JATOS's HTTP server says before JATOS sees anything."""
        host = head.headers.get("host", "")
        if not OWN_HOSTS.fullmatch(host):
            return _text(400, f"Host not allowed: {host}", close=True)
        address = "{}:{}".format(*self.client_address)
        if problem := target_problem(head.target, address):
            status, text = problem
            return _text(status, text, close=True)
        return None

    def _beside_the_api(self, head: Head, body: Iterator[bytes]) -> Answer:
        path = url_decode(head.target.partition("?")[0])
        if path == "/ping":
            return _text(200, "pong")
        if head.method in ("GET", "HEAD") and (shown := self.server.page.answer(path)):
            return shown
        if path.startswith(PREFIX):
            return self.server.side_door.answer(head, path.removeprefix(PREFIX), body)
        return _text(404, f"Requested page {head.target} couldn't be found.")

    def _api_request(self, wire: Wire, head: Head, body: Iterator[bytes]) -> Answer:
        switches = self.server.state.switches
        target = through_proxy(head.target, switches.proxy)
        path = url_decode((target or head.target).partition("?")[0]).removeprefix(API)
        record = self.server.log.begin(head.method, path)
        fault = self.server.faults.take(head.method, path)
        counted = _counted(fault.carry(body), record)
        try:
            if target is None:
                answer = _proxy_page(403)
            else:
                call = Call(head, target, limited(head, counted, switches.max_body_bytes))
                answer = self._act(call, fault)
            with answer:
                self._answer_api(wire, head, answer, fault, record)
        finally:
            record.close()
        return answer

    def _act(self, call: Call, fault: Fault) -> Answer:
        if fault.kind == "drop":
            raise DroppedError
        if fault.kind == "status":
            call.drain()
            return _proxy_page(int(fault.amount))
        if fault.kind == "late":
            call = replace(call, body=iter(list(call.body)))
            self.request.shutdown(socket.SHUT_RDWR)
            time.sleep(fault.amount)
        return self.server.api.answer(call)

    def _answer_api(
        self, wire: Wire, head: Head, answer: Answer, fault: Fault, record: Record
    ) -> None:
        if fault.kind in ("lose", "late"):
            record.lost = answer.status
            raise DroppedError
        if fault.kind == "stall":
            time.sleep(fault.amount)
        # Before the client has it: its next request may be for the list of requests.
        record.end(answer.status)
        self._send(wire, head, answer, cut=fault.kind == "cut")
        if fault.kind == "cut":
            raise DroppedError

    def _send(self, wire: Wire, head: Head, answer: Answer, *, cut: bool = False) -> None:
        wire.send(answer, with_body=head.method != "HEAD", cut=cut)


def _counted(body: Iterator[bytes], record: Record) -> Iterator[bytes]:
    for piece in body:
        record.bytes += len(piece)
        yield piece


def _text(status: int, text: str, *, close: bool = False) -> Answer:
    return Answer(status, {"Content-Type": TEXT}, text.encode(), close=close)


def _proxy_page(status: int) -> Answer:
    """What a web server in front of JATOS would say."""
    page = f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"
    return Answer(status, {"Content-Type": "text/html"}, page.encode())
