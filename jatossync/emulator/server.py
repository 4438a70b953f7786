"""Connections: accept, read a request, let the right part answer it, and break it on order."""

import contextlib
import socket
import socketserver
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from jatossync.emulator.answers import Answer
from jatossync.emulator.api import Api
from jatossync.emulator.calls import Call, limited
from jatossync.emulator.dialects import TEXT, Dialect
from jatossync.emulator.faults import Fault, Faults
from jatossync.emulator.paths import API, Names, target_problem, through_proxy, url_decode
from jatossync.emulator.requests import Log, Record
from jatossync.emulator.side_door import PREFIX, SideDoor
from jatossync.emulator.state import State
from jatossync.emulator.wire import BrokenRequest, Head, Wire

HOST = "127.0.0.1"
OWN_NAMES = (HOST, "localhost")
IDLE_S = 75.0


class Dropped(Exception):
    """A fault wants the connection closed without an answer."""


class Server(socketserver.ThreadingTCPServer):
    """The emulator on a socket of 127.0.0.1."""

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

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_address[1]}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Connections that break are everyday life here; anything else is told by the base."""
        with contextlib.suppress(OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Connection(socketserver.BaseRequestHandler):
    server: Server
    request: socket.socket

    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request.settimeout(IDLE_S)
        wire = Wire(self.request)
        with contextlib.suppress(BrokenRequest, Dropped, OSError):
            while (head := wire.read_head()) is not None:
                if not self._one_request(wire, head):
                    wire.linger()
                    return

    def _one_request(self, wire: Wire, head: Head) -> bool:
        """Answer one request; False when the connection ends after it."""
        if problem := self._refused_by_the_server(head):
            problem.close = True
            wire.send(problem, with_body=head.method != "HEAD")
            return False
        body = wire.body(head)
        if not head.target.startswith(f"{API}/"):
            answer = self._beside_the_api(head, body)
            wire.send(answer, with_body=head.method != "HEAD")
        else:
            answer = self._api_request(wire, head, body)
        if answer.close:
            return False
        for _ in body:
            pass
        return head.keeps_alive

    def _refused_by_the_server(self, head: Head) -> Answer | None:
        host = urlsplit(f"//{head.headers.get('host', '')}").hostname
        if host not in OWN_NAMES:
            return Answer(400, {"Content-Type": TEXT}, f"Host not allowed: {host}".encode())
        address = "{}:{}".format(*self.client_address)
        if problem := target_problem(head.target, address):
            status, text = problem
            return Answer(status, {"Content-Type": TEXT}, text.encode())
        return None

    def _beside_the_api(self, head: Head, body: Iterator[bytes]) -> Answer:
        path = url_decode(head.target.partition("?")[0])
        if path == "/ping":
            return Answer(200, {"Content-Type": TEXT}, b"pong")
        if path.startswith(PREFIX):
            return self.server.side_door.answer(head, path.removeprefix(PREFIX), body)
        return Answer(404, {"Content-Type": TEXT}, b"Nothing here")

    def _api_request(self, wire: Wire, head: Head, body: Iterator[bytes]) -> Answer:
        target = through_proxy(head.target, self.server.state.switches.proxy)
        path = url_decode(target.partition("?")[0]).removeprefix(API)
        record = self.server.log.begin(head.method, path)
        fault = self.server.faults.take(head.method, path) or Fault("none")
        status = None
        try:
            counted = _counted(body, record, fault)
            limit = self.server.state.switches.max_body_bytes
            answer = self._act(Call(head, target, limited(head, counted, limit)), fault)
            try:
                self._send(wire, head, answer, fault)
                status = answer.status
            finally:
                answer.release()
        finally:
            record.end(status)
        return answer

    def _act(self, call: Call, fault: Fault) -> Answer:
        if fault.kind == "drop":
            raise Dropped
        if fault.kind == "latency":
            time.sleep(fault.amount)
        if fault.kind == "status":
            for _ in call.body:
                pass
            return _proxy_page(int(fault.amount))
        return self.server.api.answer(call)

    def _send(self, wire: Wire, head: Head, answer: Answer, fault: Fault) -> None:
        if fault.kind == "lose":
            raise Dropped
        if fault.kind == "stall":
            time.sleep(fault.amount)
        wire.send(answer, with_body=head.method != "HEAD", cut=fault.kind == "cut")
        if fault.kind == "cut":
            raise Dropped


def _counted(body: Iterator[bytes], record: Record, fault: Fault) -> Iterator[bytes]:
    for piece in fault.slowed(body) if fault.kind == "rate" else body:
        record.bytes += len(piece)
        yield piece


def _proxy_page(status: int) -> Answer:
    """What a web server in front of JATOS would say."""
    page = f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"
    return Answer(status, {"Content-Type": "text/html"}, page.encode())
