"""Certificates and proxies: whom we trust on the way to JATOS."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from jatossync.core.jobs import Server, Stopped, Unavailable
from jatossync.errors import ConfigError
from jatossync.remote.client import Jatos
from jatossync.remote.route import Route
from tests.remote.odd_server import http, odd_server, read_all, saying
from tests.remote.test_wire import JSON, TOKEN, UUID, envelope

OURS = "subjectAltName=IP:127.0.0.1"
NEW_KEY = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"

needs_openssl = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="needs openssl for certificates"
)


class Authority:
    """A university's own authority, in a directory."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self.ca_file = str(place / "ca.pem")
        self._run(f"req -x509 {NEW_KEY} -days 9 -subj /CN=lab -keyout ca.key -out ca.pem")

    def certified(self, name: str = OURS, days: int = 9) -> ssl.SSLContext:
        """What a server shows that this authority has certified."""
        self._run(f"req {NEW_KEY} -subj /CN=x -addext {name} -keyout s.key -out s.csr")
        self._run(
            "x509 -req -in s.csr -CA ca.pem -CAkey ca.key -CAcreateserial -copy_extensions copy "
            f"-days {days} -out s.pem"
        )
        return self._context("s")

    def self_signed(self) -> ssl.SSLContext:
        """What a server shows that nobody has certified."""
        self._run(
            f"req -x509 {NEW_KEY} -days 9 -subj /CN=x -addext {OURS} -keyout o.key -out o.pem"
        )
        return self._context("o")

    def _context(self, name: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._place / f"{name}.pem", self._place / f"{name}.key")
        return context

    def _run(self, arguments: str) -> None:
        subprocess.run(
            ["openssl", *arguments.split()], cwd=self._place, check=True, capture_output=True
        )


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def asked(url: str, route: Route) -> Server | Unavailable | Stopped:
    with closing(Jatos(url, TOKEN, workers=1, route=route)) as jatos:
        return jatos.ask(UUID)


def asked_over_tls(context: ssl.SSLContext, ca_file: str | None) -> Unavailable | Stopped:
    with odd_server(saying(http("401 No")), context) as url:
        found = asked(url, Route(ca_file=ca_file))
    assert not isinstance(found, Server)
    return found


@needs_openssl
def test_an_authority_of_ones_own_is_trusted_where_its_file_is_named(authority: Authority) -> None:
    assert isinstance(asked_over_tls(authority.certified(), authority.ca_file), Stopped)


@needs_openssl
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("unknown", "an authority not known here"),
        ("self-signed", "self-signed; if that is right, name the authority's file"),
        ("expired", "it has expired"),
        ("other name", "it is for another name"),
    ],
)
def test_a_certificate_that_is_not_accepted_is_named_and_not_asked_for_each_second(
    authority: Authority, fault: str, words: str
) -> None:
    match fault:
        case "self-signed":
            context = authority.self_signed()
        case "expired":
            context = authority.certified(days=-1)
        case "other name":
            context = authority.certified("subjectAltName=DNS:jatos.example.org")
        case _:
            context = authority.certified()
    found = asked_over_tls(context, None if fault == "unknown" else authority.ca_file)
    assert isinstance(found, Unavailable)
    assert "The certificate of https://127.0.0.1" in found.reason
    assert words in found.reason
    assert found.retry_after_s == 60


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_file_without_a_certificate_is_a_configuration_error(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"tls\.ca_file: .*ca\.pem"):
        Jatos("https://127.0.0.1:9", TOKEN, workers=1, route=Route(ca_file=str(file)))


# --- proxies


def test_proxies_of_the_environment_are_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    reached: list[bytes] = []

    def proxy(connection: socket.socket) -> None:
        reached.append(read_all(connection))

    with odd_server(proxy) as url, odd_server(saying(http("503 Busy"))) as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, url)
        found = asked(server, Route())
    assert isinstance(found, Unavailable)
    assert reached == []


def test_a_proxy_of_the_environment_is_spoken_of_where_nobody_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    environ = {"http_proxy": "http://proxy.example.org:3128"}
    found = asked(url, Route.of(url, None, None, environ))
    assert isinstance(found, Unavailable)
    assert "$http_proxy names a proxy, which is used only if `proxy:` says so" in found.reason
    assert Route.of(url, None, "http://127.0.0.1:9", environ).unused == ""
    assert Route.of("https://jatos.example.org", None, None, environ).unused == ""


def test_a_configured_proxy_is_used() -> None:
    seen: list[bytes] = []

    def proxy(connection: socket.socket) -> None:
        seen.append(read_all(connection).split(b"\r\n")[0])
        connection.sendall(http("401 No", envelope(), JSON))

    with odd_server(proxy) as url:
        found = asked("http://jatos.example.org", Route(proxy=url))
    assert isinstance(found, Stopped)
    assert seen == [b"GET http://jatos.example.org/jatos/api/v1/admin/token HTTP/1.1"]


def test_a_proxy_that_lets_nobody_through_is_named() -> None:
    with odd_server(saying(http("407 Proxy Authentication Required"))) as url:
        found = asked("https://jatos.example.org", Route(proxy=url))
    assert isinstance(found, Unavailable)
    assert f"The proxy {url} does not let us through: 407" in found.reason


def test_a_proxy_that_is_not_there_is_named_and_not_the_server() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    found = asked("https://jatos.example.org", Route(proxy=url))
    assert isinstance(found, Unavailable)
    assert f"Nothing answers at the proxy {url}" in found.reason


def test_the_token_is_never_shown_to_a_proxy_of_an_https_server() -> None:
    seen: list[bytes] = []

    def proxy(connection: socket.socket) -> None:
        seen.append(read_all(connection))
        connection.sendall(http("502 Bad Gateway"))

    with odd_server(proxy) as url:
        asked("https://jatos.example.org", Route(proxy=url))
    assert seen
    assert seen[0].startswith(b"CONNECT jatos.example.org:443")
    assert b"jap_" not in b"".join(seen)
