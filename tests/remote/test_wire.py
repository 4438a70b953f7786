"""HTTP when the other side misbehaves: early, cut, endless and compressed answers, and no JATOS."""

import gzip
import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from jatossync.core.jobs import (
    Done,
    NoListing,
    Refused,
    Server,
    Stop,
    Stopped,
    Unavailable,
    UploadResult,
)
from jatossync.core.model import Seen
from jatossync.core.paths import Dialect, RelPath
from jatossync.errors import ConfigError, Denied, Unreachable
from jatossync.remote.answers import Answer
from jatossync.remote.client import Assets, Jatos
from jatossync.remote.token import Token
from jatossync.remote.wire import MAX_ANSWER_BYTES, Wire
from tests.remote.conftest import delete_job, upload_job
from tests.remote.files import MemoryFile, content_of
from tests.remote.odd_server import Answering, at_once, http, in_turn, odd_server, read_all, saying
from tests.remote.test_token import GOOD

UUID = "8f3c2d6e-0000-4000-8000-000000000000"
SEVEN_MB = bytes(range(256)) * (28 * 1024)
"""More than the buffers of the sockets hold, and less than what is asked about beforehand."""
TOKEN = Token(GOOD, "the test")
PAGE = b"<html><title>Sign in</title></html>"
HTML = "Content-Type: text/html; charset=utf-8"
JSON = "Content-Type: application/json"
FILE = 'Content-Disposition: attachment; filename="a.txt"'


def a_server(dialect: Dialect = Dialect.ENVELOPE) -> Server:
    return Server("1.1.0", dialect, "", 0, 7, UUID, "Stroop", "dir", locked=False)


@contextmanager
def assets_on(answering: Answering, dialect: Dialect = Dialect.ENVELOPE) -> Iterator[Assets]:
    with odd_server(answering) as url:
        jatos = Jatos(url, TOKEN, workers=2)
        try:
            yield jatos.assets(a_server(dialect))
        finally:
            jatos.close()


def send(assets: Assets, data: bytes) -> UploadResult:
    job = upload_job("a.txt", content_of(data), look=False)
    return assets.upload(job, MemoryFile(data), lambda: False, lambda _bytes: None)


def asked(answering: Answering) -> object:
    with odd_server(answering) as url:
        jatos = Jatos(url, TOKEN, workers=1)
        try:
            return jatos.ask(UUID)
        finally:
            jatos.close()


def envelope(**more: object) -> bytes:
    return json.dumps({"apiVersion": "1.1.0"} | more).encode()


# --- early answers


@pytest.mark.parametrize(
    ("status", "expected"), [("413 Too Large", Refused), ("401 Unauthorized", Stopped)]
)
def test_a_refusal_before_the_body_was_read_is_understood(status: str, expected: type) -> None:
    with assets_on(at_once(http(status, b"no", "Content-Type: text/plain"))) as assets:
        assert isinstance(send(assets, SEVEN_MB), expected)


@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_success_before_the_whole_body_was_sent_is_none(dialect: Dialect) -> None:
    body = envelope(message="ok") if dialect is Dialect.ENVELOPE else b""
    with assets_on(at_once(http("200 OK", body, JSON)), dialect) as a:
        found = send(a, SEVEN_MB)
    assert isinstance(found, Unavailable)


# --- broken answers


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"\x00\x01garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
        http("200 OK", envelope(message="ok"), JSON, length=500),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        http("200 OK", gzip.compress(envelope(message="ok")), JSON, "Content-Encoding: gzip"),
    ],
    ids=["none", "garbage", "two lengths", "cut", "chunk cut", "compressed"],
)
def test_a_broken_answer_to_an_upload_is_no_success(answer: bytes) -> None:
    with assets_on(saying(answer)) as assets:
        assert isinstance(send(assets, b"1"), Unavailable)


def test_a_failure_counts_though_its_body_is_cut() -> None:
    with assets_on(saying(http("413 Too Large", b"<html>", HTML, length=500))) as assets:
        assert isinstance(send(assets, b"1"), Refused)


def endless(head: bytes) -> Answering:
    def act(connection: socket.socket) -> None:
        read_all(connection)
        connection.sendall(head)
        while True:
            connection.sendall(b"x" * 65536)  # until the client closes

    return act


def test_an_endless_answer_is_given_up() -> None:
    with assets_on(endless(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")) as assets:
        found = send(assets, b"1")
    assert isinstance(found, Unavailable)
    assert "does not end" in found.reason


def test_an_endless_failure_is_still_that_failure() -> None:
    head = b"HTTP/1.1 413 Too Large\r\nContent-Type: text/html\r\n\r\n"
    with assets_on(endless(head)) as assets:
        assert isinstance(send(assets, b"1"), Refused)


def test_an_endless_file_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jatossync.remote.wire.MAX_FILE_BYTES", 1_000_000)

    def act(connection: socket.socket) -> None:
        read_all(connection)
        head = f"HTTP/1.1 200 OK\r\n{FILE}\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head.encode())
        while True:
            connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")

    with assets_on(act) as assets:
        found = assets.look(RelPath("a.txt"), whole=True)
    assert isinstance(found, Unavailable)
    assert "does not end" in found.reason


def test_a_server_that_takes_an_upload_byte_by_byte_does_not_keep_a_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The system's buffers turn a trickle into a standstill, and that is timed."""
    monkeypatch.setattr("jatossync.remote.wire._WRITE_S", 0.3)
    given_up = threading.Event()

    def trickle(connection: socket.socket) -> None:
        while not given_up.wait(0.01):
            connection.recv(1)

    with assets_on(trickle) as assets:
        try:
            found = send(assets, SEVEN_MB)
        finally:
            given_up.set()
    assert isinstance(found, Unavailable)
    assert "in time" in found.reason


def test_a_file_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jatossync.remote.wire.MAX_ANSWER_S", -1.0)
    answer = http("200 OK", b"1", FILE)
    with assets_on(saying(answer)) as assets:
        found = assets.look(RelPath("a.txt"), whole=True)
    assert isinstance(found, Unavailable)
    assert "does not end" in found.reason


def test_a_download_of_unknown_length_is_never_taken_for_the_file() -> None:
    head = f"HTTP/1.1 200 OK\r\n{FILE}\r\n\r\nthe first half".encode()
    with assets_on(saying(head)) as assets:
        kept = assets.keep(RelPath("a.txt"), lambda pieces: content_of(b"".join(pieces)))
        seen = assets.look(RelPath("a.txt"))
    assert isinstance(kept, Unavailable)
    assert isinstance(seen, Unavailable)


def test_a_download_that_a_proxy_compressed_is_never_taken_for_the_file() -> None:
    answer = http("200 OK", gzip.compress(b"<p>"), FILE, "Content-Encoding: gzip")
    with assets_on(saying(answer)) as assets:
        kept = assets.keep(RelPath("a.txt"), lambda pieces: content_of(b"".join(pieces)))
        assert isinstance(kept, Unavailable)
        assert isinstance(assets.look(RelPath("a.txt")), Unavailable)


def test_a_chunked_download_that_is_complete_is_taken() -> None:
    head = f"HTTP/1.1 200 OK\r\n{FILE}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    with assets_on(saying(head + b"5\r\nhello\r\n0\r\n\r\n")) as assets:
        kept = assets.keep(RelPath("a.txt"), lambda pieces: content_of(b"".join(pieces)))
    assert isinstance(kept, Seen)
    assert kept.sha256 == content_of(b"hello").sha256


# --- not JATOS


def test_a_sign_in_page_is_never_a_file_a_success_or_an_absence() -> None:
    with assets_on(saying(http("200 OK", PAGE, HTML)), Dialect.LEGACY) as assets:
        kept = assets.keep(RelPath("a.html"), lambda pieces: content_of(b"".join(pieces)))
        found = [
            kept,
            assets.look(RelPath("a.html")),
            assets.listing(),
            send(assets, b"1"),
            assets.delete(delete_job("a.html", b"1", look=False), lambda: None),
            assets.delete(delete_job("a.html", PAGE), lambda: None),
        ]
    for one in found:
        assert isinstance(one, Unavailable), found
        assert one.not_jatos


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (http("200 OK", PAGE, HTML), "“Sign in”"),
        (http("200 OK", b"hello", "Content-Type: text/plain"), "not as a JATOS"),
        (http("200 OK", b'{"apiVersion": "v1", "kind": "Pod"}', JSON), "not as a JATOS"),
        (http("200 OK", envelope(data=7), JSON), "not as a JATOS"),
        (http("404 Not Found", b"nope", "Content-Type: text/plain"), "no JATOS API"),
    ],
)
def test_what_is_no_jatos_is_said_to_be_none(answer: bytes, words: str) -> None:
    found = asked(saying(answer))
    assert isinstance(found, Unavailable)
    assert found.not_jatos
    assert words in found.reason


# --- connections that end


def test_a_question_is_asked_again_where_the_connection_ends_just_as_it_is_used() -> None:
    """A server closes what was idle for too long, and the question is on its way already."""

    def one_answer_and_an_end(connection: socket.socket) -> None:
        read_all(connection)
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        read_all(connection)

    there = http("200 OK", b"1", FILE)
    with odd_server(in_turn(one_answer_and_an_end, saying(there))) as url:
        wire = Wire(url, TOKEN, workers=1)
        for status in (404, 200):
            found = wire.answer("GET", f"/studies/{UUID}/assets/a.txt")
            assert isinstance(found, Answer)
            assert found.status == status
        wire.close()


@pytest.mark.parametrize("write", ["upload", "delete"])
def test_what_changes_something_is_never_sent_twice_unasked(write: str) -> None:
    seen: list[bytes] = []
    with assets_on(lambda connection: seen.append(read_all(connection))) as assets:
        found = (
            send(assets, b"1")
            if write == "upload"
            else assets.delete(delete_job("a.txt", b"1", look=False), lambda: None)
        )
    assert isinstance(found, Unavailable)
    assert len(seen) == 1


def test_a_redirect_is_never_followed() -> None:
    reached: list[bytes] = []

    def elsewhere(connection: socket.socket) -> None:
        reached.append(read_all(connection))

    with odd_server(elsewhere) as other:
        found = asked(saying(http("302 Found", b"", f"Location: {other}/login?back=1")))
    assert isinstance(found, Stopped)
    assert found.stop is Stop.NOT_SIGNED_IN
    assert f"{other}/login;" in found.reason
    assert reached == []


def every_call(assets: Assets) -> list[object]:
    return [
        send(assets, b"1"),
        assets.delete(delete_job("a.txt", b"1", look=False), lambda: None),
        assets.look(RelPath("a.txt")),
        assets.listing(),
        assets._jatos.ask(UUID),
    ]


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 Other", "307 T", "308 P"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_neither_token_nor_file_ever_follows_a_redirect(status: str, scheme: str) -> None:
    reached: list[bytes] = []

    def elsewhere(connection: socket.socket) -> None:
        reached.append(connection.recv(65536))

    with odd_server(elsewhere) as other:
        to = other.replace("http:", f"{scheme}:")
        with assets_on(saying(http(status, b"", f"Location: {to}/jatos"))) as assets:
            for found in every_call(assets):
                assert isinstance(found, Stopped)
                assert found.stop is Stop.NOT_SIGNED_IN
    assert reached == []


@pytest.mark.parametrize("dialect", list(Dialect))
@pytest.mark.parametrize(
    ("body", "header"),
    [
        (PAGE, HTML),
        (PAGE, "Content-Type: text/plain"),
        (b"", HTML),
        (b"OK", "Content-Type: text/plain"),
        (b'{"status": "ok"}', JSON),
        (b"[]", JSON),
        (b'{"apiVersion": "portal"}', JSON),
    ],
)
def test_a_portal_that_says_yes_to_everything_acknowledges_nothing(
    dialect: Dialect, body: bytes, header: str
) -> None:
    with assets_on(saying(http("200 OK", body, header)), dialect) as assets:
        for found in every_call(assets):
            assert isinstance(found, Unavailable)
            assert found.not_jatos


def test_a_server_that_is_restarted_in_the_middle_of_an_upload_was_sent_nothing_whole() -> None:
    seen: list[bytes] = []

    def begin_to_read_and_die(connection: socket.socket) -> None:
        seen.append(connection.recv(65536))
        no_lingering = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_lingering)

    with assets_on(begin_to_read_and_die) as assets:
        found = send(assets, SEVEN_MB)
    assert isinstance(found, Unavailable)
    assert len(seen) == 1


def test_a_server_that_has_only_an_address_of_the_newer_kind_is_reached() -> None:
    with ExitStack() as stack:
        try:
            url = stack.enter_context(odd_server(saying(http("401 No")), host="::1"))
        except OSError:
            pytest.skip("this machine has no IPv6")
        jatos = Jatos(url, TOKEN, workers=1)
        found = jatos.ask(UUID)
        jatos.close()
    assert isinstance(found, Stopped)
    assert found.stop is Stop.TOKEN


def test_the_servers_clock_says_nothing() -> None:
    wrong = ["Date: Thu, 01 Jan 1970 00:00:00 GMT", "Last-Modified: Fri, 31 Dec 9999 23:59:59 GMT"]
    with assets_on(saying(http("200 OK", b"1", FILE, *wrong))) as assets:
        found = assets.look(RelPath("a.txt"))
    assert isinstance(found, Seen)
    assert found.size == 1


def test_cookies_are_never_sent_back() -> None:
    seen: list[bytes] = []

    def act(connection: socket.socket) -> None:
        seen.append(read_all(connection))
        connection.sendall(http("503 Busy", b"", "Set-Cookie: session=1; Path=/"))

    with odd_server(act) as url:
        jatos = Jatos(url, TOKEN, workers=1)
        jatos.ask(UUID)
        jatos.ask(UUID)
        jatos.close()
    assert len(seen) == 2
    assert not any(b"cookie" in request.lower() for request in seen)


@pytest.mark.parametrize("status", ["403 Forbidden", "404 Not Found"])
def test_a_proxy_that_forbids_one_path_refuses_that_path_only(status: str) -> None:
    token = http("200 OK", envelope(data={"username": "me", "expirationDate": 0}), JSON)
    study = http("200 OK", envelope(data={"id": 7, "uuid": UUID, "locked": False}), JSON)

    def act(connection: socket.socket) -> None:
        head = read_all(connection).split(b"\r\n")[0]
        answer = http(status, PAGE, HTML)
        if b"/admin/token" in head:
            answer = token
        elif b"/properties" in head:
            answer = study
        elif b"jatossync-probe" in head:
            answer = http("404 Not Found", envelope(error={"code": "NOT_FOUND"}), JSON)
        connection.sendall(answer)

    with assets_on(act) as assets:
        for found in (
            send(assets, b"1"),
            assets.look(RelPath("a.txt")),
            assets.delete(delete_job("a.txt", b"1", look=False), lambda: None),
        ):
            assert isinstance(found, Refused)
            assert "in front of JATOS" in found.reason
        assert isinstance(assets.listing(), NoListing)


def test_a_proxy_that_forbids_everything_is_named_with_the_remedy() -> None:
    found = asked(saying(http("403 Forbidden", PAGE, HTML)))
    assert isinstance(found, Unavailable)
    assert "VPN" in found.reason
    assert not found.not_jatos


def test_a_proxy_that_forbids_the_api_alone_is_told_apart_by_a_ping_without_the_token() -> None:
    seen: list[bytes] = []

    def act(connection: socket.socket) -> None:
        head = read_all(connection)
        seen.append(head)
        pinged = head.startswith(b"GET /ping ")
        connection.sendall(http("200 OK", b"pong") if pinged else http("403 No", PAGE, HTML))

    found = asked(act)
    assert isinstance(found, Unavailable)
    assert "JATOS is there" in found.reason
    assert b"authorization" not in seen[-1].lower()


# --- the network


def test_a_name_that_does_not_exist_is_said_to_be_unknown() -> None:
    jatos = Jatos("http://no-such-host.invalid", TOKEN, workers=1)
    found = jatos.ask(UUID)
    jatos.close()
    assert isinstance(found, Unavailable)
    assert "no-such-host.invalid cannot be found" in found.reason


def test_https_to_a_server_without_it_is_not_asked_every_second() -> None:
    def plain(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with odd_server(plain) as url:
        jatos = Jatos(url.replace("http:", "https:"), TOKEN, workers=1)
        found = jatos.ask(UUID)
        jatos.close()
    assert isinstance(found, Unavailable)
    assert "securely" in found.reason
    assert found.retry_after_s == 60


# --- what must never happen


@pytest.mark.parametrize(
    "server",
    [
        "jatos.example.org",
        "ftp://jatos.example.org",
        "https://",
        "https://me:secret@jatos.example.org",
        "https://jatos.example.org/?a=1",
        "https://jatos.example.org/#x",
        "https://jatos.example.org:port",
        "",
    ],
)
def test_an_address_that_is_no_plain_url_is_a_configuration_error(server: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Jatos(server, TOKEN, workers=1)
    assert "secret" not in caught.value.message


def test_a_malformed_token_never_gets_into_a_request() -> None:
    for secret in ("jap_kaputt", "jap_" + "ö" * 37, GOOD + "\r\nX-Evil: 1"):
        with pytest.raises(ConfigError) as caught:
            Jatos("http://127.0.0.1:9", Token(secret, "the test"), workers=1)
        assert secret not in caught.value.message
        assert caught.value.__context__ is None


@pytest.mark.parametrize(
    "target",
    [
        f"/studies/{UUID}",
        f"/studies/{UUID}/",
        f"/studies/{UUID}/assets",
        f"/studies/{UUID}/assets/",
        f"/studies/{UUID}/assets/..",
        f"/studies/{UUID}/assets/../x",
        f"/studies/{UUID}/assets/a/../../..",
        f"/studies/{UUID}/assets/a?b",
        "/studies/7/assets/a",
        f"/studies/{UUID}/../{UUID}/assets/a",
        "/admin/token",
    ],
)
@pytest.mark.parametrize("method", ["DELETE", "POST"])
def test_nothing_but_one_asset_of_one_study_is_ever_changed(method: str, target: str) -> None:
    reached: list[bytes] = []

    def act(connection: socket.socket) -> None:
        reached.append(read_all(connection))

    with odd_server(act) as url:
        wire = Wire(url, TOKEN, workers=1)
        with pytest.raises(RuntimeError):
            wire.answer(method, target)
        wire.close()
    assert reached == []


def test_the_base_path_of_a_server_stands_before_every_address() -> None:
    seen: list[bytes] = []

    def act(connection: socket.socket) -> None:
        seen.append(read_all(connection).split(b" ")[1])
        connection.sendall(http("503 Busy"))

    with odd_server(act) as url:
        jatos = Jatos(f"{url}/my%20lab/", TOKEN, workers=1)
        jatos.ask(UUID)
        assets = jatos.assets(a_server())
        assets.delete(delete_job("ä+b.txt", b"1", look=False), lambda: None)
        jatos.close()
    address = f"/my%20lab/jatos/api/v1/studies/{UUID}/assets/"
    assert seen == [b"/my%20lab/jatos/api/v1/admin/token", f"{address}%C3%A4%2Bb.txt".encode()]
    assert jatos.prefix_bytes == len(address)


def test_an_address_beyond_all_limits_refuses_the_path() -> None:
    with assets_on(saying(http("414 Too Long"))) as assets:
        path = "/".join(["d" * 200] * 400)
        found = assets.delete(delete_job(path, b"1", look=False), lambda: None)
    assert isinstance(found, Refused)
    assert "address" in found.reason


def test_no_sentence_ever_has_the_token_even_if_the_server_echoes_it() -> None:
    def echo(connection: socket.socket) -> None:
        request = read_all(connection)
        connection.sendall(http("500 Echo", request, "Content-Type: text/plain"))

    with odd_server(echo) as url:
        jatos = Jatos(url, TOKEN, workers=1)
        assets = jatos.assets(a_server())
        shown = [str(jatos.ask(UUID)), str(send(assets, b"1")), str(assets.look(RelPath("a")))]
        with pytest.raises(Unreachable) as caught:
            jatos.studies()
        jatos.close()
    shown += [
        str(caught.value),
        repr(vars(jatos)),
        repr(vars(assets)),
        repr(caught.value.__cause__),
    ]
    for text in shown:
        assert GOOD[4:] not in text


def test_a_refused_token_is_denied_when_studies_are_listed() -> None:
    with odd_server(saying(http("401 Unauthorized", b"", "Content-Type: text/plain"))) as url:
        jatos = Jatos(url, TOKEN, workers=1)
        with pytest.raises(Denied, match="token"):
            jatos.studies()
        jatos.close()


def test_a_question_does_not_wait_for_the_end_of_long_uploads() -> None:
    release = threading.Event()

    def act(connection: socket.socket) -> None:
        head = read_all(connection).split(b"\r\n")[0]
        if b"POST" in head:
            release.wait(60)
            connection.sendall(http("201 Created", envelope(message="ok"), JSON))
        else:
            connection.sendall(http("503 Busy"))

    found: list[UploadResult] = []
    with odd_server(act) as url:
        jatos = Jatos(url, TOKEN, workers=2)
        assets = jatos.assets(a_server())
        uploads = [threading.Thread(target=lambda: found.append(send(assets, b"1"))) for _ in "12"]
        for upload in uploads:
            upload.start()
        assert isinstance(jatos.ask(UUID), Unavailable)
        release.set()
        for upload in uploads:
            upload.join(60)
        jatos.close()
    assert [type(one) for one in found] == [Done, Done]


def test_the_limit_of_an_answer_is_one_megabyte() -> None:
    assert MAX_ANSWER_BYTES == 1024 * 1024
