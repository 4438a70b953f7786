"""
HTTP to one server: how a request is built, and what is read of an answer.

Every rule comes from measurements of httpx 0.28: the synchronous client keeps early answers that
the asynchronous one loses; bodies are read up to a limit and without decompression; errors of the
network become an `Unavailable` here and nowhere else. The token is only in the one header.
"""

from __future__ import annotations

import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TypeVar

import httpx

from jatossync import __version__
from jatossync.core.jobs import Unavailable
from jatossync.errors import ConfigError
from jatossync.remote.answers import Answer
from jatossync.remote.body import AssetBody
from jatossync.remote.route import Route, certificate_fault
from jatossync.remote.token import Token

API = b"/jatos/api/v1"

MAX_ANSWER_BYTES = 1024 * 1024
MAX_ANSWER_S = 120.0
"""An answer that drips in for longer than this is given up."""

MAX_FILE_BYTES = 2**31
"""No JATOS takes larger files, so none has any: what goes on after that does not end."""
SLOWEST_BYTES_PER_S = 1000
"""A download slower than this for longer than MAX_ANSWER_S is given up too."""

_CONNECT_S = 10.0
_WRITE_S = 60.0
_READ_S = 60.0
_BYTES_PER_S_BEHIND = 4 * 1024 * 1024
"""How fast a server may still be storing a body after its last byte left here."""

_SPARE_CONNECTIONS = 2
"""Beyond those of the workers: a question never waits for the end of a long upload."""

_TLS_RETRY_S = 60.0
"""A certificate does not heal within a second."""

_MAY_WRITE = re.compile(rb"/studies/[0-9A-Fa-f-]{36}/assets/[^?#]+")
"""The only addresses that are ever asked to change something."""

_TOO_LONG = Answer(414)
"""httpx itself takes no address over 65,536 characters, the only fault it can find with ours."""

DIRECTLY = Route()

T = TypeVar("T")


@dataclass(frozen=True)
class Download:
    """The body of an asset on its way here."""

    size: int | None
    """Bytes announced; None where the server only says when it is complete."""
    pieces: Iterator[bytes]
    """Raises `Broken` where the body ends early: let it through."""


class Broken(Exception):  # noqa: N818  (named for what happened)
    """The connection failed or the answer is incomplete, in the middle of a download."""

    def __init__(self, trouble: Unavailable) -> None:
        super().__init__(trouble.reason)
        self.trouble = trouble


class Wire:
    """
    Connections to one JATOS; may be used by several threads at once.

    Args:
        server: The base URL, with JATOS's base path if it has one.
        token: None only to ask whether a JATOS is there.
        workers: How many requests run at once.
        route: How to get there.

    Raises:
        ConfigError: `server` is no plain http(s) URL, the token is malformed, or the route's
            certificates cannot be used.
    """

    def __init__(
        self, server: str, token: Token | None, workers: int, route: Route = DIRECTLY
    ) -> None:
        self._token: Token | None = None
        if token is not None:
            self.use(token)
        self._route = route
        self._base = _base_url(server)
        self._shown = f"{self._base.scheme}://{self._base.netloc.decode('ascii')}"
        self.prefix = self._base.raw_path.rstrip(b"/") + API
        """What every request target begins with."""
        connections = workers + _SPARE_CONNECTIONS
        tls = route.tls(self._base.scheme)
        self._http = httpx.Client(
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "User-Agent": f"jatossync/{__version__}",
            },
            limits=httpx.Limits(
                max_connections=connections,
                max_keepalive_connections=connections,
                keepalive_expiry=4,  # below the 5 s after which Apache closes
            ),
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            trust_env=False,
            verify=tls,
            proxy=_proxy(route.proxy, tls),
        )

    def use(self, token: Token) -> None:
        """
        Send this token from now on.

        Raises:
            ConfigError: It is malformed; an error of the header's encoding would show it.
        """
        if fault := token.fault():
            raise ConfigError(f"the token from {token.source} cannot be used: {fault}")
        self._token = token

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def answer(
        self,
        method: str,
        target: str,
        body: AssetBody | None = None,
        read_s: float = _READ_S,
        max_bytes: int = MAX_ANSWER_BYTES,
    ) -> Answer | Unavailable:
        """
        One request and its whole answer.

        Args:
            target: Below `/jatos/api/v1`, percent-encoded.
            read_s: How long the server may be silent, seconds.

        Raises:
            CutOff: The body ended itself; the connection is closed.
        """
        token = self._token
        try:
            with self._open(method, target, body, read_s) as response:
                answer = self._whole(response, max_bytes)
        except Broken as broken:
            return broken.trouble
        except httpx.InvalidURL:
            return _TOO_LONG
        if answer.status == 401 and token is not self._token:
            return Unavailable("The token was replaced while JATOS was asked with the old one")
        if body is not None and response.is_success and not body.all_sent:
            return Unavailable("The server reported success before it had the whole file")
        return answer

    def ping(self) -> bool:
        """Whether a JATOS is there, however little it lets us do; sent without the token."""
        url = self._base.copy_with(raw_path=self._base.raw_path.rstrip(b"/") + b"/ping")
        try:
            with self._http.stream("GET", url, timeout=_CONNECT_S) as response:
                return response.is_success and self._whole(response, 64).body.strip() == b"pong"
        except (httpx.HTTPError, OSError, Broken):
            return False

    def download(self, target: str, use: Callable[[Download], T]) -> T | Answer | Unavailable:
        """GET an asset and hand its body to `use`; what is no asset comes back as an answer."""
        try:
            with self._open("GET", target, None, _READ_S) as response:
                if response.status_code != 200 or not _is_file(response):
                    return self._whole(response, MAX_ANSWER_BYTES)
                size = _announced(response)
                if size is None and "chunked" not in response.headers.get("transfer-encoding", ""):
                    raise Broken(Unavailable("The server does not say where its answer ends"))
                return use(Download(size, self._of_file(response)))
        except Broken as broken:
            return broken.trouble
        except httpx.InvalidURL:
            return _TOO_LONG

    @contextmanager
    def _open(
        self, method: str, target: str, body: AssetBody | None, read_s: float
    ) -> Iterator[httpx.Response]:
        """Send, and read the answer's head; its body waits. Raises Broken, CutOff."""
        try:
            response = self._sent(self._request(method, target, body, read_s))
        except (httpx.HTTPError, OSError) as exc:
            raise Broken(self._unavailable(exc)) from exc
        try:
            if response.headers.get("content-encoding", "identity") != "identity":
                reason = "The server, or what stands before it, compresses what it must not"
                raise Broken(Unavailable(reason))
            yield response
        finally:
            response.close()

    def _sent(self, request: httpx.Request) -> httpx.Response:
        """
        Send; what changes nothing once more, if the connection ends without an answer.

        A server, or a proxy that is restarted, may close an idle connection just as it is used.
        """
        try:
            return self._http.send(request, stream=True)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            if request.method not in ("GET", "HEAD"):
                raise
            return self._http.send(request, stream=True)

    def _request(
        self, method: str, target: str, body: AssetBody | None, read_s: float
    ) -> httpx.Request:
        raw = self.prefix + target.encode("ascii")
        if method not in ("GET", "HEAD") and not _MAY_WRITE.fullmatch(raw, len(self.prefix)):
            raise RuntimeError(f"{method} is never sent to {target!r}")
        headers = {"Authorization": f"Bearer {self._token.reveal()}"} if self._token else {}
        if body is not None:
            headers |= {"Content-Length": str(len(body)), "Content-Type": body.content_type}
            read_s += len(body) / _BYTES_PER_S_BEHIND
        request = self._http.build_request(
            method,
            self._base.copy_with(raw_path=raw),
            content=body,
            headers=headers,
            timeout=httpx.Timeout(connect=_CONNECT_S, write=_WRITE_S, read=read_s, pool=None),
        )
        if request.url.raw_path != raw:  # no `assert`: `..` and DELETE would be another endpoint
            raise RuntimeError(f"the address of {target!r} was changed on its way")
        return request

    def _whole(self, response: httpx.Response, max_bytes: int) -> Answer:
        """The answer with its body. A failure counts even where its body is cut or endless."""
        body = bytearray()
        until = time.monotonic() + MAX_ANSWER_S
        try:
            for piece in self._pieces(response):
                body += piece
                if len(body) > max_bytes or time.monotonic() > until:
                    raise Broken(Unavailable(f"The answer of {self._shown} does not end"))
        except Broken:
            if response.is_success:
                raise
        headers = response.headers
        return Answer(
            status=response.status_code,
            content_type=headers.get("content-type", "").partition(";")[0].strip().lower(),
            body=bytes(body[:max_bytes]),
            is_file=_is_file(response),
            size=_announced(response),
            location=headers.get("location", ""),
            retry_after=headers.get("retry-after", ""),
            date=headers.get("date", ""),
        )

    def _of_file(self, response: httpx.Response) -> Iterator[bytes]:
        began_s, count = time.monotonic(), 0
        for piece in self._pieces(response):
            count += len(piece)
            until_s = began_s + MAX_ANSWER_S + count / SLOWEST_BYTES_PER_S
            if count > MAX_FILE_BYTES or time.monotonic() > until_s:
                raise Broken(Unavailable(f"The answer of {self._shown} does not end"))
            yield piece

    def _pieces(self, response: httpx.Response) -> Iterator[bytes]:
        try:
            yield from response.iter_raw()
        except (httpx.HTTPError, OSError) as exc:
            raise Broken(self._unavailable(exc)) from exc

    def _unavailable(self, exc: Exception) -> Unavailable:
        """One sentence for what the network did."""
        if isinstance(exc, httpx.ConnectTimeout):
            where = self._first_stop
            return Unavailable(f"Nothing answers at {where} within {_CONNECT_S:.0f} s{self._hint}")
        if isinstance(exc, httpx.TimeoutException):
            return Unavailable(f"{self._shown} did not answer in time")
        if isinstance(exc, httpx.ProxyError):
            return Unavailable(f"The proxy {self._route.proxy} does not let us through: {exc}")
        if isinstance(exc, httpx.ConnectError):
            return self._not_connected(_first_os_error(exc))
        return Unavailable(f"The connection to {self._shown} broke off")

    def _not_connected(self, cause: OSError | None) -> Unavailable:
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = f"The certificate of {self._shown} is not accepted: {certificate_fault(cause)}"
            return Unavailable(why, retry_after_s=_TLS_RETRY_S)
        if isinstance(cause, ssl.SSLError):
            why = f"{self._shown} cannot be reached securely: {cause.reason}"
            return Unavailable(why, retry_after_s=_TLS_RETRY_S)
        if isinstance(cause, socket.gaierror):
            host = httpx.URL(self._route.proxy).host if self._route.proxy else self._base.host
            why = f"The address of {host} cannot be found; is this computer online?{self._hint}"
            return Unavailable(why)
        why = f" ({cause.strerror})" if cause and cause.strerror else ""
        return Unavailable(f"Nothing answers at {self._first_stop}{why}{self._hint}")

    @property
    def _first_stop(self) -> str:
        """What we connect to."""
        return f"the proxy {self._route.proxy}" if self._route.proxy else self._shown

    @property
    def _hint(self) -> str:
        if not self._route.unused:
            return ""
        return f"; ${self._route.unused} names a proxy, which is used only if `proxy:` says so"


def _base_url(server: str) -> httpx.URL:
    try:
        url = httpx.URL(server.rstrip("/"))
    except (httpx.InvalidURL, UnicodeError) as exc:  # UnicodeError: of names with `xn--`
        raise ConfigError(f"server: {server!r} is no address: {exc}.") from exc
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigError(f"server: {server!r} does not begin with https:// and a name.")
    if url.userinfo or url.query or url.fragment:
        raise ConfigError("server: the address must have no user, password, query or fragment.")
    return url


def _proxy(address: str | None, tls: ssl.SSLContext) -> httpx.Proxy | None:
    if address is None:
        return None
    return httpx.Proxy(address, ssl_context=tls if address.startswith("https:") else None)


def _is_file(response: httpx.Response) -> bool:
    """JATOS sends a Content-Disposition with every asset; sign-in pages have none."""
    return "content-disposition" in response.headers


def _announced(response: httpx.Response) -> int | None:
    length = response.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() else None


def _first_os_error(exc: BaseException) -> OSError | None:
    """What the system said, below the wrappers of httpx and httpcore."""
    cause: BaseException | None = exc
    while cause is not None and not isinstance(cause, OSError):
        cause = cause.__cause__ or cause.__context__
    return cause
