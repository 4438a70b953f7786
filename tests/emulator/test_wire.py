"""HTTP itself: hosts, connections and what is no request."""

import socket

import httpx
import pytest

from tests.emulator.asking import connect, read_all, upload
from tests.emulator.handle import Emulator


def _said(emulator: Emulator, message: bytes) -> bytes:
    with connect(emulator) as connection:
        connection.sendall(message)
        return read_all(connection)


@pytest.mark.parametrize("host", ["127.0.0.1:80", "localhost", "LOCALHOST:9000"])
def test_its_own_hosts_are_served(unchanged: Emulator, host: str) -> None:
    request = f"GET /ping HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    assert _said(unchanged, request).endswith(b"pong")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost:x", ""])
@pytest.mark.parametrize("path", ["/ping", "/emulator/requests", "/jatos/api/v1/admin/token"])
def test_other_hosts_are_refused(unchanged: Emulator, host: str, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    assert _said(unchanged, request).startswith(b"HTTP/1.1 400")


def test_it_listens_on_loopback_only(unchanged: Emulator) -> None:
    with connect(unchanged) as connection:
        assert connection.getpeername()[0] == "127.0.0.1"
        port = connection.getpeername()[1]
    # Another address of the loopback net would answer if it listened everywhere.
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.2", port), timeout=5)


@pytest.mark.parametrize(
    "message",
    [
        b"nonsense\r\n\r\n",
        b"GET /ping\r\n\r\n",
        b"GET /ping HTTP/9\r\n\r\n",
        b"GET /ping HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /" + b"x" * 300_000,
        b"POST /jatos/api/v1/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: many\r\n\r\n",
        b"POST /jatos/api/v1/x HTTP/1.1\r\nHost: localhost\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_http_is_answered_with_400_and_closed(
    unchanged: Emulator, message: bytes
) -> None:
    assert _said(unchanged, message).startswith((b"HTTP/1.1 400", b"HTTP/1.1 404"))
    assert httpx.get(f"{unchanged.url}/ping", trust_env=False).text == "pong"


def test_one_connection_serves_many_requests(unchanged: Emulator) -> None:
    once = b"GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    assert _said(unchanged, once * 5 + last).count(b"pong") == 6


def test_http_1_0_ends_after_one_answer(unchanged: Emulator) -> None:
    once = b"GET /ping HTTP/1.0\r\nHost: localhost\r\n\r\n"
    assert _said(unchanged, once * 2).count(b"pong") == 1


def test_a_client_that_waits_for_100_continue_gets_it(unchanged: Emulator) -> None:
    head = b"POST /jatos/api/v1/studies/1/assets/a HTTP/1.1\r\nHost: localhost\r\n"
    with connect(unchanged) as connection:
        connection.sendall(head + b"Content-Length: 2\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"{}")
        assert connection.recv(65536).startswith(b"HTTP/1.1 401")


def test_a_too_long_target_is_answered_although_its_body_is_still_being_sent(
    emulator: Emulator, api: httpx.Client
) -> None:
    assert upload(api, emulator, "x" * 2100, bytes(5_000_000)).status_code == 414


def test_a_client_that_goes_away_in_the_middle_disturbs_nobody(
    emulator: Emulator, api: httpx.Client
) -> None:
    for message in (b"GE", b"POST /jatos/api/v1/x HTTP/1.1\r\nHost: localhost\r\nContent-"):
        with connect(emulator) as connection:
            connection.sendall(message)
    assert api.get("/admin/token").status_code == 200
