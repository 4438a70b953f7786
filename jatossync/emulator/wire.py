"""HTTP/1.1 on a bare socket.

A library would clean the request target and hide the connection, but the emulator must see the
target exactly as sent, and must be able to drop a connection in the middle of anything.
"""

import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

from jatossync.emulator.answers import Answer

MAX_HEAD_BYTES = 256 * 1024
READ_BYTES = 256 * 1024
IDLE_S = 75.0  # how long a connection may be silent, as in JATOS
LINGER_S = 5.0  # for a client that is still sending while it is refused


class RequestError(Exception):
    """What came is not HTTP/1.1; the text says why."""


class GoneError(Exception):
    """The other side closed the connection in the middle of a request."""


@dataclass
class Head:
    """Request line and headers (names in lower case, text as Latin-1)."""

    method: str
    target: str
    version: str
    headers: dict[str, str]

    @property
    def keeps_alive(self) -> bool:
        """Whether the client may send another request on this connection."""
        wish = self.headers.get("connection", "").lower()
        return "close" not in wish and (self.version != "HTTP/1.0" or "keep-alive" in wish)


class Wire:
    """One connection: reads requests and bodies, writes answers.

    Everything raises GoneError once the other side is gone, or silent for too long.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._buffer = bytearray()
        with _or_gone():
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(IDLE_S)

    def read_head(self) -> Head | None:
        """The next request, or None when the client closed the connection between requests."""
        while (end := self._buffer.find(b"\r\n\r\n")) < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise RequestError("The head of the request is too long")
            if not self._fill():
                return None
        lines = bytes(self._buffer[:end]).lstrip(b"\r\n").decode("latin-1").split("\r\n")
        del self._buffer[: end + 4]
        return _parse_head(lines)

    def body(self, head: Head) -> Iterator[bytes]:
        """The request's body in pieces as they arrive."""
        if head.headers.get("expect", "").lower() == "100-continue":
            self._send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" in head.headers.get("transfer-encoding", "").lower():
            yield from self._chunked()
        else:
            yield from self._exactly(content_length(head) or 0)

    def send(self, answer: Answer, *, with_body: bool, cut: bool = False) -> None:
        """Write an answer; `cut` announces the whole body and sends half of it."""
        length = answer.length + (1 if cut and not answer.length else 0)
        head = _answer_head(answer, length)
        if not with_body:
            self._send(head)
        elif answer.chunked:
            self._send_pieces(head, map(_chunk, answer.chunks(answer.length)))
            self._send(b"" if cut else b"0\r\n\r\n")
        else:
            self._send_pieces(head, answer.chunks(answer.length // 2 if cut else answer.length))

    def linger(self) -> None:
        """Take what is still under way, so that the client gets to read the answer."""
        end = time.monotonic() + LINGER_S
        with _or_gone():
            self._sock.shutdown(socket.SHUT_WR)
            self._sock.settimeout(LINGER_S)
            while self._sock.recv(READ_BYTES) and time.monotonic() < end:
                pass

    def _send_pieces(self, head: bytes, pieces: Iterable[bytes]) -> None:
        """Send the head together with the first piece: one packet for a small answer."""
        for piece in pieces:
            self._send(head + piece)
            head = b""
        if head:
            self._send(head)

    def _fill(self) -> bool:
        with _or_gone():
            received = self._sock.recv(READ_BYTES)
        self._buffer += received
        return bool(received)

    def _send(self, message: bytes) -> None:
        with _or_gone():
            self._sock.sendall(message)

    def _take(self, most: int) -> bytes:
        if not self._buffer and not self._fill():
            raise GoneError
        piece = bytes(self._buffer[:most])
        del self._buffer[:most]
        return piece

    def _exactly(self, length: int) -> Iterator[bytes]:
        while length:
            piece = self._take(min(length, READ_BYTES))
            length -= len(piece)
            yield piece

    def _line(self) -> bytes:
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise RequestError("A line of the body is too long")
            if not self._fill():
                raise GoneError
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _chunked(self) -> Iterator[bytes]:
        while True:
            try:
                size = int(self._line().split(b";")[0], 16)
            except ValueError as error:
                raise RequestError("Illegal chunk size") from error
            if size <= 0:
                break
            yield from self._exactly(size)
            self._line()
        while self._line():
            pass


@contextmanager
def _or_gone() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise GoneError from error


def content_length(head: Head) -> int | None:
    """The announced length of the body in bytes, None when there is none."""
    announced = head.headers.get("content-length")
    if announced is None:
        return None
    if not announced.isascii() or not announced.isdigit():
        raise RequestError(f"Illegal Content-Length: {announced}")
    return int(announced)


def _parse_head(lines: list[str]) -> Head:
    method, _, rest = lines[0].partition(" ")
    target, _, version = rest.rpartition(" ")
    if not target or version not in ("HTTP/1.1", "HTTP/1.0"):
        raise RequestError("Illegal request line")
    headers = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon:
            raise RequestError("Illegal header line")
        headers[name.strip().lower()] = value.strip()
    return Head(method, target, version, headers)


def _chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b""


def _answer_head(answer: Answer, length: int) -> bytes:
    try:
        reason = HTTPStatus(answer.status).phrase
    except ValueError:
        reason = "Unknown"
    headers = dict(answer.headers)
    if answer.chunked:
        headers["Transfer-Encoding"] = "chunked"
    else:
        headers["Content-Length"] = str(length)
    if answer.close:
        headers["Connection"] = "close"
    lines = [f"HTTP/1.1 {answer.status} {reason}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
