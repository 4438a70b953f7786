"""A bare socket that answers what no JATOS would, for what the emulator cannot do."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator

Answering = Callable[[socket.socket], None]


def read_head(connection: socket.socket) -> bytes:
    """The request's head, and whatever of the body came with it."""
    seen = b""
    while b"\r\n\r\n" not in seen:
        piece = connection.recv(65536)
        if not piece:
            break
        seen += piece
    return seen


def read_all(connection: socket.socket) -> bytes:
    """The request's head and its whole body."""
    seen = read_head(connection)
    head, _, body = seen.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length and (piece := connection.recv(65536)):
        body += piece
    return head + b"\r\n\r\n" + body


def saying(answer: bytes) -> Answering:
    """Read the whole request, then answer with these bytes and close."""

    def act(connection: socket.socket) -> None:
        read_all(connection)
        connection.sendall(answer)

    return act


def at_once(answer: bytes) -> Answering:
    """Answer before the body is read, and close."""

    def act(connection: socket.socket) -> None:
        read_head(connection)
        connection.sendall(answer)

    return act


def http(status: str, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    """An answer after which the connection is closed; `length` announces another one."""
    announced = f"Content-Length: {len(body) if length is None else length}"
    lines = [f"HTTP/1.1 {status}", announced, "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


def in_turn(*answering: Answering) -> Answering:
    """Handle the first connection with the first of these, and so on; the last goes on for ever."""
    left = list(answering)
    taking = threading.Lock()

    def act(connection: socket.socket) -> None:
        with taking:
            current = left.pop(0) if len(left) > 1 else left[0]
        current(connection)

    return act


@contextlib.contextmanager
def odd_server(
    answering: Answering, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> Iterator[str]:
    """The address of a server that handles each connection with `answering`, once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, 0), family=family)
    threads: list[threading.Thread] = []

    def handle(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.closing(connection):
            if tls is not None:
                connection = tls.wrap_socket(connection, server_side=True)
            with contextlib.closing(connection):
                answering(connection)

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=handle, args=(connection,))
            threads.append(thread)
            thread.start()

    accepting = threading.Thread(target=serve)
    accepting.start()
    try:
        shown = f"[{host}]" if ":" in host else host
        yield f"{'https' if tls else 'http'}://{shown}:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in [accepting, *threads]:
            thread.join(10)
